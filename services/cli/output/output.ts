import Table from 'cli-table3'
import { stringify } from 'yaml'
import type { Terminal } from '../terminal.ts'

export const formats = ['table', 'json', 'yaml'] as const
export type Format = (typeof formats)[number]

/** Table rows for people; the other formats show the value itself. */
export type Rows = { head: string[]; rows: (string | number)[][]; empty: string }

/** Writes a result in the chosen format. @param toRows only called for a table. */
export function show<T>(terminal: Terminal, format: Format, value: T, toRows: (value: T) => Rows): void {
  switch (format) {
    case 'json':
      return terminal.out(`${JSON.stringify(value, null, 2)}\n`)
    case 'yaml':
      return terminal.out(stringify(value, { lineWidth: 0 }))
    case 'table':
      return terminal.out(`${tableText(toRows(value))}\n`)
  }
}

export function tableText({ head, rows, empty }: Rows): string {
  if (rows.length === 0) return empty
  const table = new Table({ head, style: { head: [], border: [], compact: true }, chars: noLines })
  table.push(...rows.map((row) => row.map(printable)))
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** One row per field. */
export function fieldRows(fields: [string, string | number][]): Rows {
  return { head: [], rows: fields, empty: '' }
}

/** Makes foreign text (names, receivers' responses) safe: it must neither control the terminal nor break a row. */
export function printable(cell: string | number): string {
  return String(cell).replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (character) =>
    character === '\t' || character === '\n' ? ' ' : '\ufffd',
  )
}

const noLines = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' ',
}
