/** A list that is read page by page, the newest first. */
export type PageSource<Page> = {
  /** Key of the newest page. */
  queryKey: readonly unknown[]
  /** @param cursor empty for the newest page. */
  read(cursor: string, signal?: AbortSignal): Promise<Page>
}
