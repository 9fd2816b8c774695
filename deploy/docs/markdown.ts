/** A table of GitHub's Markdown, each line ended. A pipe within a cell is escaped: it would begin the next one. */
export function table(head: string[], rows: string[][]): string {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(cell).join(' | ')} |`)
  return `${lines.join('\n')}\n`
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

/** Text in a monospaced font; nothing stays nothing. */
export function code(text: string): string {
  return text === '' ? '' : `\`${text}\``
}
