import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TObject } from 'typebox'
import { describe, expect, onTestFinished, test } from 'vitest'
import { describeConfig, loadConfig } from '../../../../services/platform/config/config.ts'
import { environmentOf, exampleNames, lackOfTools, type PodTemplate, podOf, render } from '../../../support/chart.ts'
import { readDocument, root } from '../../../support/documents.ts'

/** Variables of every program that the chart runs, as its config.ts declares them, against what the values give it. */

type Declaration = { type?: string; enum?: string[]; maximum?: number; default?: unknown; secret?: boolean }

/** A variable that names a file with the value of another one. */
const fileVariable: Declaration = { type: 'string' }
const programs = [
  ...readdirSync(new URL('services', root)).filter((name) => existsSync(new URL(`services/${name}/main.ts`, root))),
  'topics',
]
const schemas = new Map(await Promise.all(programs.map(async (program) => [program, await schemaOf(program)] as const)))
const declared = new Map(
  [...schemas].flatMap(([program, { properties }]) =>
    namesOf(program).map((name) => [name, (properties as Record<string, Declaration>)[name] ?? fileVariable] as const),
  ),
)

async function schemaOf(program: string): Promise<TObject> {
  const module = (await import(new URL(`services/${program}/config.ts`, root).href)) as Record<string, unknown>
  const schema = Object.values(module).find(
    (value) => typeof value === 'object' && value !== null && 'properties' in value,
  )
  if (!schema) throw new Error(`services/${program}/config.ts exports no schema`)
  return schema as TObject
}

function namesOf(program: string): string[] {
  const described = describeConfig(schemas.get(program) as TObject)
  return described.flatMap(({ name, fileVariable: file }) => (file === null ? [name] : [name, file]))
}

/** Paths of the Secrets' keys that a pod mounts. */
function mountedFiles({ spec }: PodTemplate): string[] {
  const mounts = new Map(spec.containers[0]?.volumeMounts.map(({ name, mountPath }) => [name, mountPath]))
  return spec.volumes.flatMap(({ name, secret }) =>
    (secret?.items ?? []).map(({ path }) => `${mounts.get(name)}/${path}`),
  )
}

/** A value that is not the default. */
function sampleOf({ type, enum: values, maximum, default: usual }: Declaration): string | number | boolean {
  if (values) return values.find((value) => value !== usual) ?? ''
  if (type === 'boolean') return usual !== true
  return type === 'integer' || type === 'number' ? (maximum ?? 1) : 'x-{program}'
}

describe.skipIf(lackOfTools !== null)('variables of the chart', () => {
  const plain = Object.fromEntries(
    [...declared].filter(([, { secret }]) => !secret).map(([name, declaration]) => [name, sampleOf(declaration)]),
  )
  const secrets = Object.fromEntries([...declared.keys()].map((name) => [name, { name: 's-{program}', key: name }]))
  const required = Object.fromEntries(
    [...declared].filter(([, { secret }]) => secret).map(([name]) => [name, secrets[name]]),
  )

  test('every service and the topics command have variables that the chart can set', () => {
    expect(programs).toHaveLength(6)
    expect(declared.size).toBeGreaterThan(30)
    expect([...declared.keys()].filter((name) => name.endsWith('_FILE')).length).toBeGreaterThan(5)
  })

  test('every variable that is no secret can be set by config, with its exact value, for the programs that read it', () => {
    const resources = render({ config: plain, secrets: required })
    for (const program of programs) {
      const given = Object.entries(environmentOf(resources, program)).filter(([name]) => name in plain)
      const expected = namesOf(program)
        .filter((name) => name in plain)
        .map((name) => [name, String(plain[name]).replace('{program}', program)])
      expect(Object.fromEntries(given), program).toEqual(Object.fromEntries(expected))
    }
  })

  test('every variable can come from a Secret, as a file if it ends in _FILE, for the programs that read it', () => {
    const resources = render({ secrets })
    for (const program of programs) {
      const isFile = (name: string) => name.endsWith('_FILE')
      const expected = namesOf(program).map((name) => [
        name,
        isFile(name) ? `/etc/hookline/s-${program}/${name}` : `s-${program}/${name}`,
      ])
      expect(environmentOf(resources, program), program).toEqual(Object.fromEntries(expected))
      const files = expected.filter(([name = '']) => isFile(name)).map(([, path]) => path)
      expect(mountedFiles(podOf(resources, program)).sort(), program).toEqual(files.sort())
    }
  })

  test("a program's own values come before those of all programs, false included, and for this program alone", () => {
    const own = { config: { KAFKA_TLS: false }, secrets: { KAFKA_CLIENT_ID: { name: 'own', key: 'id' } } }
    const config = { KAFKA_TLS: true, KAFKA_CLIENT_ID: 'all' }
    const resources = render({ config, topics: own, services: { admin: own } }, 'demo')
    for (const program of programs) {
      const isOwn = program === 'topics' || program === 'admin'
      const expected = isOwn
        ? { KAFKA_TLS: 'false', KAFKA_CLIENT_ID: 'own/id' }
        : { KAFKA_TLS: 'true', KAFKA_CLIENT_ID: 'all' }
      expect(environmentOf(resources, program), program).toMatchObject(expected)
    }
  })

  test.each(exampleNames)('every program accepts the variables that examples/%s.yaml gives it', (example) => {
    const resources = render({}, example)
    for (const program of programs) {
      const environment = valuesOf(environmentOf(resources, program))
      expect(() => loadConfig(schemas.get(program) as TObject, environment), program).not.toThrow()
    }
  })
})

/** Contents of the examples' Secrets, by key. Every other one is a password. */
const contents: Record<string, string> = {
  'key-ring': `k1=${Buffer.alloc(32).toString('base64')}`,
  'ca.crt': readDocument('test/support/certificates/ca.pem'),
  'user.crt': readDocument('test/support/certificates/good.pem'),
  'user.key': readDocument('test/support/certificates/key.pem'),
}

/** A container's environment with the contents of Secrets, as values and as files. */
function valuesOf(environment: Record<string, string>): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'hookline-chart-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const values = Object.entries(environment).map(([name, source]) => {
    const content = contents[source.split('/').at(-1) ?? '']
    if (content === undefined || !name.endsWith('_FILE')) return [name, content ?? source]
    const path = join(folder, name)
    writeFileSync(path, content)
    return [name, path]
  })
  return Object.fromEntries(values)
}
