import { Readable } from 'node:stream'
import type { TObject } from 'typebox'

/** Answers of many rows that are written while they are read, so that memory holds one page of them. */

export const rowFormats = ['ndjson', 'csv'] as const
export type RowFormat = (typeof rowFormats)[number]

export type Row = Record<string, unknown>

export type RowStream = {
  format: RowFormat
  /** Name of the file that a browser saves, without its ending. */
  name: string
  pages: AsyncIterable<Row[]>
}

/** Content types of the formats. */
export const rowTypes: Record<RowFormat, string> = {
  ndjson: 'application/x-ndjson; charset=utf-8',
  csv: 'text/csv; charset=utf-8; header=present',
}

/** @param rows schema of a row, whose fields are the columns of CSV, in this order. */
export function encodeRows({ format, name, pages }: RowStream, rows: TObject) {
  const columns = Object.keys(rows.properties)
  const text = format === 'csv' ? csvOf(columns, pages) : linesOf(pages, (row) => `${JSON.stringify(row)}\n`)
  const headers = {
    'content-type': rowTypes[format],
    'content-disposition': `attachment; filename="${name.replaceAll(/[^\w.-]/g, '_')}.${format}"`,
  }
  return { headers, body: Readable.from(text, { objectMode: false }) }
}

async function* csvOf(columns: string[], pages: AsyncIterable<Row[]>) {
  yield csvLine(columns)
  yield* linesOf(pages, (row) => csvLine(columns.map((column) => row[column])))
}

async function* linesOf(pages: AsyncIterable<Row[]>, toLine: (row: Row) => string) {
  for await (const page of pages) if (page.length > 0) yield page.map(toLine).join('')
}

/** A line of CSV (RFC 4180). */
export function csvLine(values: readonly unknown[]): string {
  return `${values.map(toCell).join(',')}\r\n`
}

/** Beginnings by which spreadsheets take a text for a formula (OWASP, CSV injection). */
const formula = /^[=+\-@\t\r\n]/

function toCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
  const safe = typeof value === 'string' && formula.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
