/** A table in GitHub's Markdown, each line ended. Pipes in cells are escaped. */
export function table(head: string[], rows: string[][]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`)
  return `${lines.join('\n')}\n`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

/** Text in a monospaced font; an empty text stays empty. */
export function code(text: string): string {
  return text === '' ? '' : `\`${text}\``
}
