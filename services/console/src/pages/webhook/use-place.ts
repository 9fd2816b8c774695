import { useParams } from 'react-router'

/** Business and webhook in the page's address. */
export function usePlace(): { businessId: string; id: string } {
  const { businessId = '', id = '' } = useParams()
  return { businessId, id }
}

export function listPath(businessId: string): string {
  return `/b/${encodeURIComponent(businessId)}/webhooks`
}

export function pagePath({ businessId, id }: { businessId: string; id: string }, tab = ''): string {
  return `${listPath(businessId)}/${encodeURIComponent(id)}${tab === '' ? '' : `/${tab}`}`
}
