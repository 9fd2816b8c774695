/**
 * Answers to requests that were sent before the console itself was loaded. Each is used once, and only while it is fresh: on
 * a slow line, loading takes longer than asking again.
 */
type EarlyAnswer = { response: Promise<Response>; atMs: number }

const freshMs = 2_000
const limitMs = 15_000
/** Webhooks on one page of the list, in the early request and in the console's. */
export const listLimit = 200
const answers = new Map<string, EarlyAnswer>()

/** Sends a GET request of the session. */
export async function askEarly(url: string): Promise<unknown> {
  const sent = fetch(url, { credentials: 'same-origin', signal: AbortSignal.timeout(limitMs) })
  // Copied before anybody reads it, because a body can be read once.
  const response = sent.then((answer) => answer.clone())
  answers.set(url, { response, atMs: performance.now() })
  // A failure is the console's to show.
  response.catch(() => undefined)
  const answer = await sent.catch(() => null)
  return answer?.ok ? answer.json() : null
}

/** The answer to the same request, or null. */
export function takeEarly(url: string): Promise<Response> | null {
  const found = answers.get(url)
  answers.delete(url)
  return found && performance.now() - found.atMs < freshMs ? found.response : null
}
