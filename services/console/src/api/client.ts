import { noteServerTime } from '../clock.ts'
import { takeEarly } from '../early/early-answers.ts'
import { buildUrl, type UrlParts } from './build-url.ts'
import { type Operations, requests } from './generated.ts'
import { limitMs } from './limits.ts'
import { ApiProblem, noAnswerInTime, type ProblemBody } from './problem.ts'

type Options = { version?: number; signal?: AbortSignal }

/**
 * Calls the API's operations with the session's cookie. Changes carry the session's token against cross-site requests.
 * Every failure is thrown as ApiProblem.
 */
export class ApiClient {
  #csrfToken = ''
  readonly #onSignedOut: (problem: ApiProblem) => void

  /** @param onSignedOut called for each 401: the session has ended, or there is none. */
  constructor(onSignedOut: (problem: ApiProblem) => void) {
    this.#onSignedOut = onSignedOut
  }

  set csrfToken(token: string) {
    this.#csrfToken = token
  }

  /** @param input parts of the request; `version` is the version of the webhook that a change is based on. */
  async call<Name extends keyof Operations>(
    name: Name,
    input: Omit<Operations[Name], 'answer'> & Options,
  ): Promise<Operations[Name]['answer']> {
    const { body, version, signal, ...place } = input as UrlParts & Options & { body?: object }
    const [method] = requests[name]
    const headers = {
      ...(method !== 'GET' && { 'x-csrf-token': this.#csrfToken }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(version !== undefined && { 'if-match': `"${version}"` }),
    }
    const late = AbortSignal.timeout(limitMs(name))
    const init = {
      method,
      headers,
      credentials: 'same-origin' as const,
      signal: signal ? AbortSignal.any([signal, late]) : late,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }
    const { status, ok, text } = await exchange(buildUrl(name, place), init)
    if (ok) return text === '' ? undefined : JSON.parse(text)
    const problem = new ApiProblem(readProblem(status, text))
    if (status === 401) this.#onSignedOut(problem)
    throw problem
  }
}

/** Sends a request and reads the whole answer. @throws ApiProblem without an answer; AbortError when the caller has given up. */
async function exchange(url: string, init: RequestInit): Promise<{ status: number; ok: boolean; text: string }> {
  try {
    const response = await ((init.method === 'GET' ? takeEarly(url) : null) ?? fetch(url, init))
    noteServerTime(response.headers.get('date'))
    return { status: response.status, ok: response.ok, text: await response.text() }
  } catch (error: unknown) {
    const name = error instanceof DOMException ? error.name : ''
    if (name === 'AbortError') throw error
    throw new ApiProblem({ status: name === 'TimeoutError' ? noAnswerInTime : 0, detail: String(error) })
  }
}

/** Reads problem details. A proxy in between may answer with something else. */
function readProblem(status: number, text: string): ProblemBody {
  try {
    return { ...(JSON.parse(text) as ProblemBody), status }
  } catch (_notJson) {
    return { status }
  }
}
