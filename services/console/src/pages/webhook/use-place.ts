import { useParams } from 'react-router'

export { listPath, pagePath } from './page-path.ts'

/** Business and webhook in the page's address. */
export function usePlace(): { businessId: string; id: string } {
  const { businessId = '', id = '' } = useParams()
  return { businessId, id }
}
