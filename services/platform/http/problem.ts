/** A request that cannot be served, as RFC 9457 problem details. */
export class HttpProblem extends Error {
  override name = 'HttpProblem'
  readonly status: number
  readonly title: string
  readonly extra: Record<string, unknown>
  readonly headers: Record<string, string>

  /** @param extra extension members, such as errors: [{ field, message }]. */
  constructor(
    status: number,
    title: string,
    detail: string,
    extra: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ) {
    super(detail)
    this.status = status
    this.title = title
    this.extra = extra
    this.headers = headers
  }

  body(): Record<string, unknown> {
    return { type: 'about:blank', title: this.title, status: this.status, detail: this.message, ...this.extra }
  }
}
