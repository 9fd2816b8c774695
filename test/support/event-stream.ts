import { systemClock } from '../../services/platform/runtime/clock.ts'

type StreamEvent = { event: string; id: string; atMs: number }

export type EventStream = AsyncDisposable & {
  /** All events received. */
  events: StreamEvent[]
  /** Resolves when the other side has ended the stream. */
  ended: Promise<void>
}

/** Server-sent events for a program. Resolves when the first has arrived; times are of the monotonic clock. */
export async function openEventStream(url: string, headers: Record<string, string>): Promise<EventStream> {
  const leaving = new AbortController()
  const response = await fetch(url, { headers, signal: leaving.signal })
  if (response.status !== 200 || !response.body) throw new Error(`${response.status}: ${await response.text()}`)
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  const events: StreamEvent[] = []
  let rest = ''
  const readOne = async (): Promise<boolean> => {
    const { done, value = '' } = await reader.read()
    const blocks = (rest + value).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      const [, event, data] = /^event: (.+)\ndata: (.+)$/.exec(block) ?? []
      if (event && data) events.push({ event, id: JSON.parse(data).id, atMs: systemClock.monotonicMs() })
    }
    return !done
  }
  while (events.length === 0 && (await readOne()));
  const readAll = async () => {
    while (await readOne());
  }
  const ended = readAll().catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error
  })
  return {
    events,
    ended,
    async [Symbol.asyncDispose]() {
      leaving.abort()
      await ended
    },
  }
}
