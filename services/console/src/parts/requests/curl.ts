import type { SentRequest } from '../../api/types.ts'

/** A request as a command for a POSIX shell. Values that the API masks stay masked. */
export function toCurl({ method, url, headers, body }: SentRequest): string {
  const lines = [
    `curl -X ${method} ${quoted(url ?? 'URL')}`,
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
    ...(body === null ? [] : [`--data-binary ${quoted(body)}`]),
  ]
  return lines.join(' \\\n  ')
}

/** Within single quotes the shell changes nothing; a single quote itself is written outside of them. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}
