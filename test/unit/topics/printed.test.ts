import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { asyncApi } from '../../../services/topics/print/asyncapi.ts'
import { strimziTopics, strimziUsers } from '../../../services/topics/print/strimzi.ts'
import { programs } from '../../../services/topics/rights.ts'
import { toTopicSpec } from '../../../services/topics/settings/kafka-settings.ts'
import { topics } from '../../../services/topics/topic-map.ts'

test('the AsyncAPI document is valid by the schema of AsyncAPI 3.0.0', () => {
  const file = createRequire(import.meta.url).resolve('@asyncapi/specs/schemas/3.0.0.json')
  const ajv = new Ajv({ strict: false, allErrors: true, meta: false, validateSchema: false })
  addFormats.default(ajv)
  const validate = ajv.compile(JSON.parse(readFileSync(file, 'utf8')) as object)
  const document = asyncApi('1.2.3') as { channels: object; operations: object }
  expect(validate(document), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true)
  expect(Object.keys(document.channels)).toEqual(Object.keys(topics))
  const uses = Object.values(topics).flatMap(({ readers, writers }) => [...readers, ...writers])
  expect(Object.keys(document.operations)).toHaveLength(uses.length)
  // Shows that the check can fail.
  expect(validate({ ...document, channels: { a: { address: 1 } } })).toBe(false)
})

const options = { cluster: 'my', prefix: 'Shop_', replicas: 3, authentication: 'tls' } as const
const read = (stream: string) => parseAllDocuments(stream).map((document) => document.toJS() as Record<string, unknown>)

test('Strimzi topics have the names and settings that apply would use, under valid Kubernetes names', () => {
  const specs = Object.values(topics).map((topic) => toTopicSpec(topic, options.prefix, 6))
  const resources = read(strimziTopics(specs, options))
  expect(resources.map(({ spec }) => spec)).toEqual(
    specs.map(({ name, partitions, settings }) => ({
      topicName: name,
      partitions,
      replicas: 3,
      config: { ...settings, 'min.insync.replicas': '2' },
    })),
  )
  for (const { metadata } of resources)
    expect((metadata as { name: string }).name).toMatch(/^shop-[a-z0-9]([a-z0-9-]*[a-z0-9])?$/)
})

test('Strimzi users have each right that their program needs', () => {
  const resources = read(strimziUsers(programs, options))
  expect(resources.map(({ metadata }) => (metadata as { name: string }).name)).toEqual(
    programs.map((program) => `hookline-${program}`),
  )
  expect(resources[0]?.spec).toMatchObject({
    authentication: { type: 'tls' },
    authorization: {
      type: 'simple',
      acls: [
        { resource: { type: 'topic', name: 'Shop_message-events', patternType: 'literal' }, operations: ['Write'] },
        { resource: { type: 'topic', name: 'Shop_status-events', patternType: 'literal' }, operations: ['Write'] },
      ],
    },
  })
})
