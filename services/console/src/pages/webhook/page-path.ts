export function listPath(businessId: string): string {
  return `/b/${encodeURIComponent(businessId)}/webhooks`
}

export function pagePath({ businessId, id }: { businessId: string; id: string }, tab = ''): string {
  return `${listPath(businessId)}/${encodeURIComponent(id)}${tab === '' ? '' : `/${tab}`}`
}
