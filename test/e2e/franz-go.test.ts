import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, inject, onTestFinished, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { isFull } from '../support/guarantee-size.ts'
import { startTestStack } from '../support/services.ts'

/** franz-go, a client of Kafka and of the registry that shares no code with librdkafka or Java. */

const folder = fileURLToPath(new URL('./franz-go', import.meta.url))
const limitMs = 30_000
const missing = isFull ? lackOfGo() : 'building it takes a minute; HOOKLINE_GUARANTEES=full runs it'
if (missing) process.stdout.write(`interop with franz-go is skipped: ${missing}\n`)

test.skipIf(missing !== null)('an event from franz-go leads to a delivery that franz-go reads', async () => {
  const output = mkdtempSync(join(tmpdir(), 'hookline-franz-go-'))
  onTestFinished(() => rmSync(output, { recursive: true }))
  const client = join(output, 'client')
  execFileSync('go', ['build', '-o', client, '.'], { cwd: folder, stdio: 'inherit' })

  await using world = await startTestStack({
    brokers: inject('brokers'),
    schemaRegistryUrl: inject('schemaRegistryUrl'),
  })
  const prefix = world.stack.topicPrefix
  const webhook = await world.defineWebhook('/franz-go', ['go-channel'])
  await world.inForce()
  const event = {
    eventId: `${prefix}go-1`,
    businessId: world.businessId,
    chatPlatform: 'telegram',
    chatChannelId: 'go-channel',
    contactId: 'ana',
    customerId: 'ana',
    messages: [{ id: 'm1', from: 'user', message: '¿Está abierto?' }],
    variables: { topic: 'hours' },
  }
  const printed = execFileSync(client, [inject('brokers').join(','), inject('schemaRegistryUrl'), prefix], {
    input: JSON.stringify({ event, webhookId: webhook.id }),
    encoding: 'utf8',
    timeout: 60_000,
  })
  await until(() => world.receiver.arrivals.length > 0, limitMs, systemClock)
  const [arrival] = world.receiver.arrivals
  const read = JSON.parse(printed)
  expect(read.deliveryId).toBe(arrival?.webhookId)
  expect(JSON.parse(read.body)).toMatchObject({ type: 'message', messages: [{ message: '¿Está abierto?' }] })
})

/** @returns why the client cannot be built, or null. */
function lackOfGo(): string | null {
  const version = spawnSync('go', ['version'], { encoding: 'utf8' })
  if (version.status !== 0) return 'go is not installed'
  const modules = spawnSync('go', ['mod', 'download'], { cwd: folder, encoding: 'utf8' })
  return modules.status === 0 ? null : `its modules cannot be downloaded: ${modules.stderr.trim().split('\n').at(-1)}`
}
