/** Addresses of the pages that tell what became of messages. */

export function findPath(businessId: string, query: string): string {
  return `/b/${encodeURIComponent(businessId)}/find?${new URLSearchParams({ q: query })}`
}

export function notificationPath(businessId: string, id: string): string {
  return `/b/${encodeURIComponent(businessId)}/notifications/${encodeURIComponent(id)}`
}

export function conversationPath(businessId: string, contactId: string): string {
  return `/b/${encodeURIComponent(businessId)}/contacts/${encodeURIComponent(contactId)}`
}

/** State of a link to a notification in the results of a search: its page leads to the neighbours there. */
export type OpenedFrom = { search: string }
