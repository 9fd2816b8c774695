import { styleText } from 'node:util'
import { structuredPatch } from 'diff'
import { stringify } from 'yaml'
import { printable } from '../output/output.ts'
import type { ShownFields } from './plan.ts'

export type FieldDifference = { field: string; from: unknown; to: unknown }

/** Fields that differ, in the order of the definition; null for an absent one. */
export function changesBetween(before: ShownFields, after: ShownFields): FieldDifference[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names
    .map((field) => ({ field, from: before[field] ?? null, to: after[field] ?? null }))
    .filter(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to))
}

/** Lines of the difference between both, as YAML. */
export function diffLines(before: ShownFields, after: ShownFields, colours: boolean): string[] {
  const { hunks } = structuredPatch('', '', yaml(before), yaml(after), '', '', { context: 1 })
  return hunks.flatMap(({ lines }) => lines.map((line) => paint(printable(line), colours)))
}

function yaml(shown: ShownFields): string {
  return Object.keys(shown).length === 0 ? '' : stringify(shown, { lineWidth: 0 })
}

function paint(line: string, colours: boolean): string {
  const colour = line.startsWith('+') ? 'green' : line.startsWith('-') ? 'red' : null
  return colour && colours ? styleText(colour, line, { validateStream: false }) : line
}
