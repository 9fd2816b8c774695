import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { compare, type Published } from '../../deploy/demo/delivery-report.ts'
import { until } from '../../deploy/local/process/until.ts'
import type { ServiceName } from '../../deploy/local/stack/stack.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { type LoadLane, lanesOf, messageOf, publish, startLoad } from '../support/load.ts'
import { lagOf, openKafka } from '../support/topic-reader.ts'

const unsignable = sized(200, 12)
const contacts = 5
/** Events of each contact in each of the three parts of the test. */
const eventsEach = sized(10, 3)
const bystanderLanes = 10
const bystanderPerSecond = 20
const bystanderEventsEach = sized(130, 8)
/** 12 s: each webhook is tried several times in it, so a log line for each try would be seen. */
const besideEventsEach = sized(130, 24)
const logEveryMs = 60_000

test('webhooks without their key leave others unharmed, and get everything in order once the key is there', {
  timeout: caseTimeoutMs,
}, async () => {
  const [missing = '', known = ''] = ['missing', 'known'].map((id) => `${id}=${randomBytes(32).toString('base64')}`)
  await using world = await startFaultyStack({ webhooks: 0, contacts: 0, extraEnv: { HOOKLINE_KEY_RING: missing } })
  const { admin, businessId, receiver, stack } = world
  const badBusiness = `${businessId}-unsignable`
  await admin.activate(badBusiness)
  const channels = Array.from({ length: unsignable }, (_unused, index) => `${badBusiness}-${index}`)
  for (const [index, channel] of channels.entries()) {
    const path = `/unsignable/${index}`
    const bad = { name: channel, url: receiver.url + path, channels: [channel] }
    receiver.expectSecrets(path, [(await admin.defineWebhook(badBusiness, bad)).secret])
  }
  await restart(world, ['admin', 'dispatcher'], known)
  await world.defineWebhook('/good', [`${businessId}-good`])
  await world.inForce()

  const lanes = lanesOf(channels, unsignable * contacts)
  const published: Published[] = []
  const publishUnsignable = async (part: number) => {
    for (let number = part * eventsEach; number < (part + 1) * eventsEach; number++)
      for (let from = 0; from < lanes.length; from += 100) {
        const events = lanes.slice(from, from + 100).map((lane) => messageOf(lane, number, badBusiness))
        published.push(...(await publish(world, events)))
      }
  }
  const bystander = async (firstNumber: number, eventsPerLane = bystanderEventsEach) => {
    const before = receiver.arrivals.length
    const eventOf = (lane: LoadLane, number: number, id: string) => messageOf(lane, firstNumber + number, id)
    const more = { perSecond: bystanderPerSecond, eventsPerLane, eventOf }
    const sent = await startLoad(world, { lanes: lanesOf([`${businessId}-good`], bystanderLanes), ...more }).done
    const arrivals = () => receiver.arrivals.slice(before).filter(({ path }) => path === '/good')
    await until(() => arrivals().length >= sent.length, 60_000, systemClock)
    return compare(sent, arrivals())
  }
  const kafka = openKafka(inject('brokers'))
  const lag = () => lagOf(kafka, `${stack.topicPrefix}dispatcher`, [stack.topicPrefix + topics.webhookDeliveries.name])
  /** Waits until everything published is committed, although none of it can be sent. */
  const committed = () => until(async () => (await lag()) === 0, 60_000, systemClock)

  const alone = await bystander(0)
  await publishUnsignable(0)
  const [beside] = await Promise.all([bystander(1_000, besideEventsEach), publishUnsignable(1)])
  expect(await committed(), 'the partitions are committed while the key is missing').toBe(true)

  stack.service('dispatcher').kill('SIGKILL')
  await publishUnsignable(2)
  await stack.service('dispatcher').restarted()
  const afterKill = await bystander(2_000)
  expect(await committed(), 'the partitions are committed after a kill').toBe(true)
  const early = receiver.arrivals.filter(({ path }) => path.startsWith('/unsignable/')).length
  const complaints = complaintsOf(world)

  await restart(world, ['dispatcher'], `${known},${missing}`)
  const arrived = () => receiver.arrivals.filter(({ path }) => path.startsWith('/unsignable/'))
  await until(() => arrived().length >= published.length, sized(300_000, 60_000), systemClock)
  const late = compare(published, arrived())

  const perMinute = mostPerMinute(complaints)
  const ratio = ((beside.summary.p99Ms ?? Number.NaN) / (alone.summary.p99Ms ?? Number.NaN)).toFixed(2)
  figure(
    44,
    `${unsignable} unsignable webhooks, ${published.length} notifications: sent without a key ${early}, missing once it is there ${late.missing.length}, ` +
      `repeated ${late.repeated}; bystander: missing ${beside.missing.length} and ${afterKill.missing.length} after a kill, ` +
      `p99 ${beside.summary.p99Ms} ms beside them, ${alone.summary.p99Ms} ms alone, ratio ${ratio}; ` +
      `${complaints.length} log lines of two processes, at most ${perMinute} of a webhook and minute`,
  )
  expect(early).toBe(0)
  for (const report of [alone, beside, afterKill, late]) expect([...report.missing, ...report.faults]).toEqual([])
  for (const life of new Set(complaints.map((each) => each.life))) {
    const ofLife = complaints.filter((each) => each.life === life)
    expect(new Set(ofLife.map(({ webhookId }) => webhookId)).size, 'each webhook is in the log').toBe(unsignable)
  }
  expect(new Set(complaints.map((each) => each.life)).size).toBe(2)
  expect(perMinute).toBe(1)
  // No process ended except those ended on purpose.
  expect(world.ends.filter((end) => !/ended by SIGKILL|ended with exit code 0/.test(end))).toEqual([])
})

async function restart({ stack }: FaultyStack, names: ServiceName[], keyRing: string): Promise<void> {
  stack.setEnv({ HOOKLINE_KEY_RING: keyRing })
  const services = names.map((name) => stack.service(name))
  for (const service of services) service.kill('SIGTERM')
  await Promise.all(services.map((service) => service.restarted()))
}

/** @property life number of the dispatcher's process: each knows only what it has logged itself. */
type Complaint = { life: number; webhookId: string; atMs: number }

/** Log lines of the dispatcher about webhooks that it cannot sign for. */
function complaintsOf({ stack: { logDirectory } }: FaultyStack): Complaint[] {
  const file = readdirSync(logDirectory).find((name) => /^dispatcher-\d+\.log$/.test(name)) ?? ''
  const complaints: Complaint[] = []
  let life = 0
  for (const line of readFileSync(join(logDirectory, file), 'utf8').split('\n')) {
    if (line.includes('"msg":"listening"')) life++
    if (!line.includes('cannot sign')) continue
    const { webhookId, time } = JSON.parse(line) as { webhookId: string; time: string }
    complaints.push({ life, webhookId, atMs: Date.parse(time) })
  }
  return complaints
}

function mostPerMinute(complaints: Complaint[]): number {
  const inSameMinute = (one: Complaint) => (other: Complaint) =>
    other.life === one.life &&
    other.webhookId === one.webhookId &&
    other.atMs >= one.atMs &&
    other.atMs < one.atMs + logEveryMs
  return Math.max(0, ...complaints.map((one) => complaints.filter(inSameMinute(one)).length))
}
