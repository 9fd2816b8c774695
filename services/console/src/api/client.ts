import { noteServerTime } from '../clock.ts'
import { ApiProblem, type ProblemBody } from './problem.ts'

export type Write = { method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'; body?: object; version?: number }

/**
 * Requests to the API with the session's cookie. Writes carry the session's token against cross-site requests.
 * All of them throw ApiProblem.
 */
export class ApiClient {
  #csrfToken = ''
  readonly #onSignedOut: (problem: ApiProblem) => void

  /** @param onSignedOut is told of every 401: the session has ended, or there is none. */
  constructor(onSignedOut: (problem: ApiProblem) => void) {
    this.#onSignedOut = onSignedOut
  }

  set csrfToken(token: string) {
    this.#csrfToken = token
  }

  get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.#send<T>(path, { method: 'GET', ...(signal && { signal }) })
  }

  write<T>(path: string, { method, body, version }: Write): Promise<T> {
    const headers = {
      'x-csrf-token': this.#csrfToken,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(version !== undefined && { 'if-match': `"${version}"` }),
    }
    return this.#send<T>(path, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
  }

  async #send<T>(path: string, init: RequestInit): Promise<T> {
    const response = await fetch(`/api/v1${path}`, { ...init, credentials: 'same-origin' }).catch((error: unknown) => {
      if (error instanceof DOMException && error.name === 'AbortError') throw error
      throw new ApiProblem({ status: 0, detail: String(error) })
    })
    noteServerTime(response.headers.get('date'))
    const text = await response.text()
    if (response.ok) return (text === '' ? undefined : JSON.parse(text)) as T
    const problem = new ApiProblem(problemOf(response.status, text))
    if (response.status === 401) this.#onSignedOut(problem)
    throw problem
  }
}

/** A proxy between may answer with something that is no problem details. */
function problemOf(status: number, text: string): ProblemBody {
  try {
    return { ...(JSON.parse(text) as ProblemBody), status }
  } catch (_notJson) {
    return { status }
  }
}

export function businessPath(businessId: string): string {
  return `/businesses/${encodeURIComponent(businessId)}`
}

export function webhookPath(businessId: string, id: string): string {
  return `${businessPath(businessId)}/webhooks/${encodeURIComponent(id)}`
}

/** Only what is set. */
export function queryString(values: Record<string, string | number | undefined>): string {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== '')
  return set.length === 0 ? '' : `?${new URLSearchParams(set.map(([name, value]) => [name, String(value)]))}`
}
