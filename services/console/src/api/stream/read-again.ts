import type { Query, QueryClient, QueryFilters } from '@tanstack/react-query'

/**
 * Makes a function that reads queries again after a change. The first answer to a query may still be on its way then, and
 * be older than the change; react-query would take it as current. It is shown when it arrives, since on a slow line asking
 * anew would show nothing for longer, and then the query is read again.
 */
export function createReadAgain(queries: QueryClient): (filters: QueryFilters) => void {
  const awaited = new Set<Query>()
  const readAfter = (query: Query) => {
    if (awaited.has(query)) return
    awaited.add(query)
    const finish = (isRead: boolean) => {
      awaited.delete(query)
      if (isRead) void queries.invalidateQueries({ queryKey: query.queryKey, exact: true })
    }
    // fetch() returns the answer that is awaited.
    query.fetch().then(
      () => finish(true),
      () => finish(false),
    )
  }
  return (filters) => {
    const loading = queries.getQueryCache().findAll({ ...filters, fetchStatus: 'fetching' })
    for (const query of loading) if (query.state.data === undefined) readAfter(query)
    void queries.invalidateQueries(filters)
  }
}
