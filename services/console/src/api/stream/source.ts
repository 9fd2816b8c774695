import { buildUrl } from '../build-url.ts'
import { type ChangeEventKind, changeKinds } from './staleness.ts'

export type SourceListener = {
  /** The stream is open: changes from here on are announced. */
  onReady(): void
  onChange(kind: ChangeEventKind, id: string): void
  /** The stream is lost. It is opened again later. */
  onLost(): void
}

const firstRetryMs = 1_000
const longestRetryMs = 15_000
/** Time without a word from the server after which the connection counts as lost. The server sends one every 10 s. */
const silenceMs = 25_000

/**
 * Follows the changes of a business, and opens the stream again whenever it is lost: by an error, or by silence, because a
 * connection to a server that hangs stays open.
 * @returns a function that ends it.
 */
export function followSource(businessId: string, listener: SourceListener): () => void {
  let source: EventSource | null = null
  let retry: ReturnType<typeof setTimeout> | undefined
  let silence: ReturnType<typeof setTimeout> | undefined
  let retryMs = firstRetryMs

  const close = () => {
    clearTimeout(retry)
    clearTimeout(silence)
    source?.close()
    source = null
  }
  const lose = () => {
    // The browser reconnects by itself after a lost connection, but not after an error status.
    close()
    listener.onLost()
    retry = setTimeout(open, retryMs)
    retryMs = Math.min(retryMs * 2, longestRetryMs)
  }
  const hear = () => {
    clearTimeout(silence)
    silence = setTimeout(lose, silenceMs)
  }
  const open = () => {
    close()
    source = new EventSource(buildUrl('followChanges', { path: { businessId } }))
    hear()
    source.addEventListener('ready', () => {
      retryMs = firstRetryMs
      hear()
      listener.onReady()
    })
    source.addEventListener('ping', hear)
    for (const kind of changeKinds)
      source.addEventListener(kind, ({ data }: MessageEvent<string>) => {
        hear()
        listener.onChange(kind, (JSON.parse(data) as { id: string }).id)
      })
    source.addEventListener('error', lose)
  }
  const openNow = () => {
    retryMs = firstRetryMs
    open()
  }
  open()
  window.addEventListener('online', openNow)
  return () => {
    window.removeEventListener('online', openNow)
    close()
  }
}
