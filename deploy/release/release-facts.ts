import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { describeConfig } from '../../services/platform/config/config.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { configurations } from '../docs/tables/configuration-table.ts'

/** Facts of a version that must not change without a note for operators who upgrade. Each is a name -> its value. */
export type ReleaseFacts = {
  /** Key, partitions and retention of each topic. */
  topics: Record<string, string>
  /** Hash of each file in schemas/, without its descriptions. */
  schemas: Record<string, string>
  /** Default of each variable. */
  variables: Record<string, string>
}

const releaseFactKinds = ['topics', 'schemas', 'variables'] as const

/** Facts of the last release, written by record-release.ts. */
export const releasedFile = new URL('released.json', import.meta.url)

export function currentFacts(): ReleaseFacts {
  const schemas = new URL('../../schemas/', import.meta.url)
  return {
    topics: Object.fromEntries(
      Object.values(topics).map(({ name, key, partitions, cleanup }) => [
        name,
        `key: ${key}; partitions: ${partitions}; cleanup: ${Object.values(cleanup).join(' ')}`,
      ]),
    ),
    schemas: Object.fromEntries(
      readdirSync(schemas)
        .filter((name) => /\.(?:avsc|json)$/.test(name))
        .sort()
        .map((name) => [name, hash(readFileSync(new URL(name, schemas), 'utf8'))]),
    ),
    variables: variableDefaults(),
  }
}

/** Names that are new, gone or different, by kind. */
export function changedFacts(before: ReleaseFacts, after: ReleaseFacts): { kind: string; name: string }[] {
  return releaseFactKinds.flatMap((kind) => {
    const names = new Set([...Object.keys(before[kind]), ...Object.keys(after[kind])])
    return [...names].filter((name) => before[kind][name] !== after[kind][name]).map((name) => ({ kind, name }))
  })
}

/** The default port is the only one that differs from program to program. */
function variableDefaults(): Record<string, string> {
  const defaults = new Map<string, Set<string>>()
  for (const { name, default: value } of Object.values(configurations).flatMap(describeConfig))
    defaults.set(name, (defaults.get(name) ?? new Set()).add(value))
  return Object.fromEntries([...defaults].map(([name, values]) => [name, [...values].join(', ')]))
}

/** Hash of a schema, whatever its layout, the order of its keys and its descriptions. */
function hash(text: string): string {
  return createHash('sha256')
    .update(JSON.stringify(withoutText(JSON.parse(text))))
    .digest('hex')
    .slice(0, 16)
}

function withoutText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutText)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(
    ([key, text]) => !(['doc', 'description'].includes(key) && typeof text === 'string'),
  )
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, withoutText(each)]),
  )
}
