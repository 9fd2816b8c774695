import { noteServerTime } from '../clock.ts'
import { type Operations, requests } from './generated.ts'
import { ApiProblem, type ProblemBody } from './problem.ts'

type UrlParts = {
  path?: Record<string, string>
  query?: Record<string, string | number | boolean | string[] | undefined> | undefined
}
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
    const init = { method, headers, credentials: 'same-origin' as const, ...(signal && { signal }) }
    const sent = fetch(buildUrl(name, place), { ...init, ...(body !== undefined && { body: JSON.stringify(body) }) })
    const response = await sent.catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'AbortError') throw error
      throw new ApiProblem({ status: 0, detail: String(error) })
    })
    noteServerTime(response.headers.get('date'))
    const text = await response.text()
    if (response.ok) return text === '' ? undefined : JSON.parse(text)
    const problem = new ApiProblem(readProblem(response.status, text))
    if (response.status === 401) this.#onSignedOut(problem)
    throw problem
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

/** URL of an operation. Empty query parameters are left out. */
export function buildUrl(name: keyof Operations, { path = {}, query = {} }: UrlParts): string {
  const url = requests[name][1].replaceAll(/\{(\w+)\}/g, (_all, part: string) => encodeURIComponent(path[part] ?? ''))
  const set = Object.entries(query).flatMap(([key, value]) =>
    value || value === false ? [value].flat().map((one): [string, string] => [key, String(one)]) : [],
  )
  return set.length === 0 ? url : `${url}?${new URLSearchParams(set)}`
}
