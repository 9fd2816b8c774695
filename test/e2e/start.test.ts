import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, inject, test } from 'vitest'
import { eventsOf } from '../../deploy/demo/conversations/events-of.ts'
import { samples } from '../../deploy/demo/conversations/samples.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const coffeeOrders = fileURLToPath(new URL('../../../shared/data/coffee-orders.jsonl', import.meta.url))

/** Runs npm start on the Kafka that the tests share. @returns its last line, as JSON, and its messages. */
async function start(...args: string[]) {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['deploy/local/start/start.ts', ...args], {
    cwd: root,
    maxBuffer: 16 * 1024 * 1024,
    env: {
      ...process.env,
      KAFKA_BROKERS: inject('brokers').join(','),
      SCHEMA_REGISTRY_URL: inject('schemaRegistryUrl'),
      HOOKLINE_TOPIC_PREFIX: `start-${randomBytes(4).toString('hex')}-`,
    },
  })
  const lines = stdout.trimEnd().split('\n')
  return { summary: JSON.parse(lines.at(-1) ?? '') as object, told: lines.slice(0, -1).join('\n'), stderr }
}

test('npm start -- --once delivers every sample notification, signed and in order', async () => {
  const events = samples.flatMap((one) => eventsOf(one, { businessId: '', runId: '', startMs: 0 })).length
  const { summary, told, stderr } = await start('--once')

  expect(summary).toEqual({
    events,
    deliveries: events,
    received: events,
    missing: 0,
    p50Ms: expect.any(Number),
    p99Ms: expect.any(Number),
  })
  expect(told).toContain('Every signature is valid, and each contact got its notifications in order.')
  expect(told).toContain('¡Hola, Ana! Claro que sí.')
  expect(stderr).toContain('This run uses the given Kafka')
})

const noData = existsSync(coffeeOrders) ? '' : ` (skipped: there is no ${coffeeOrders})`

test.skipIf(noData !== '')(`npm start -- --once --conversations delivers every turn of a file${noData}`, async () => {
  const { summary, told } = await start('--once', '--conversations', coffeeOrders)

  expect(summary).toMatchObject({ events: 786, deliveries: 786, received: 786, missing: 0 })
  expect(told).toContain('Every signature is valid, and each contact got its notifications in order.')
})

test('npm start refuses a wrong conversations file before it starts anything', async () => {
  await expect(start('--once', '--conversations', 'package.json')).rejects.toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^package\.json: line 1: is not JSON/),
  })
})
