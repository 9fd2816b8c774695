import type { pollWhile } from './poll-while.ts'

/** A list that is read page by page, the newest first. */
export type PageSource<Page> = {
  /** Key of the newest page. */
  queryKey: readonly unknown[]
  /** @param cursor empty for the newest page. */
  read(cursor: string, signal?: AbortSignal): Promise<Page>
  /** When to read the newest page again without a change being announced, in milliseconds; never by default. */
  refetchInterval?: ReturnType<typeof pollWhile<Page>>
}
