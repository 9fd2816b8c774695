import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, inject, test } from 'vitest'
import { compare, completionOf } from '../../deploy/demo/delivery-report.ts'
import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { type FaultyStack, startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, isFull, sized } from '../support/guarantee-size.ts'
import { type LoadLane, messageOf, startLoad } from '../support/load.ts'
import { definition } from '../support/simulation.ts'
import { countRecords, openKafka, openProducer } from '../support/topic-reader.ts'

const kinds = ['of one business', 'of one origin', 'each of its own'] as const
type Kind = (typeof kinds)[number]
type Hanging = { id: string; businessId: string; host: string }

/** The webhooks of a case are of its kinds in turn. */
const cases = sized(
  [600, 2_000].flatMap((hanging) =>
    kinds.map((kind) => ({ hanging, title: kind as string, ofKinds: [kind] as readonly Kind[] })),
  ),
  [{ hanging: 600, title: 'a third of each kind', ofKinds: kinds }],
)
const good = 20
const goodEventsEach = sized(60, 10)
/**
 * Events for the good webhooks while others hang: at full size a minute of them, long enough for memory and
 * webhook-parked to fill.
 */
const goodEventsBeside = sized(180, 10)
const goodPerSecond = sized(60, 40)
/**
 * Events a second for the hanging webhooks: with 2 s for each attempt and retries after 1 s and 5 s, hundreds of
 * requests are in flight at any time.
 */
const hangingPerSecond = sized(400, 100)
const timeoutMs = 2_000
const leastHanging = 100
const largestRatio = 1.5

test.each(cases)(
  'twenty good webhooks are unharmed beside $hanging hanging ones: $title',
  {
    timeout: caseTimeoutMs,
  },
  async ({ hanging, title, ofKinds }) => {
    await using abyss = await startAbyss()
    await using world = await startFaultyStack({ webhooks: good, contacts: good })
    const bad = Array.from({ length: hanging }, (_unused, n) =>
      hangingWebhook(n, ofKinds[n % ofKinds.length] ?? 'each of its own', world.businessId),
    )
    await define(world, bad, abyss.port)

    const alone = await bystanders(world, 0, goodEventsEach)
    const businesses = new Map(bad.map(({ id, businessId }) => [id, businessId]))
    const load = startLoad(world, {
      lanes: bad.map(({ id }) => ({ channel: id, contactId: 'contact' })),
      perSecond: hangingPerSecond,
      eventOf: (lane, number) => messageOf(lane, number, businesses.get(lane.channel) ?? ''),
    })
    const hang = () => abyss.open.size >= leastHanging
    expect(await until(hang, 60_000, systemClock), `${abyss.open.size} requests hang`).toBe(true)
    const beside = await bystanders(world, goodEventsEach, goodEventsBeside)
    // Requests are counted while the load still runs: those that hang then hung beside the good ones.
    await until(hang, 60_000, systemClock)
    const stillHanging = abyss.open.size
    const residentBytes = await residentBytesOf(world.stack.service('dispatcher').url)
    const events = (await load.stop()).length

    const aloneMs = alone.summary.p99Ms ?? Number.NaN
    const besideMs = beside.summary.p99Ms ?? Number.NaN
    const ratio = besideMs / aloneMs
    figure(
      42,
      `${hanging} webhooks that hang, ${title}: ${events} events for them, ${stillHanging} requests in flight; ` +
        `20 good ones: missing ${beside.missing.length} of ${beside.summary.deliveries}, p99 alone ${aloneMs} ms, ` +
        `beside ${besideMs} ms, ratio ${ratio.toFixed(2)}; dispatcher's process_resident_memory_bytes ${residentBytes}`,
    )
    expect([...alone.missing, ...beside.missing, ...alone.faults, ...beside.faults]).toEqual([])
    expect(stillHanging).toBeGreaterThanOrEqual(leastHanging)
    expect(world.ends).toEqual([])
    if (isFull) expect(ratio).toBeLessThanOrEqual(largestRatio)
  },
)

function hangingWebhook(n: number, kind: Kind, prefix: string): Hanging {
  // All of 127.0.0.0/8 is this machine: each address is an origin.
  const host = kind === 'of one origin' ? '127.0.0.2' : `127.1.${n >> 8}.${n & 255}`
  const businessId = kind === 'of one business' ? `${prefix}-hanging` : `${prefix}-hanging-${n}`
  return { id: `${prefix}-hanging-${n}`, businessId, host }
}

/**
 * Writes the definitions straight to the topics, each with its id as its only channel; resolves when they are in force.
 */
async function define(world: FaultyStack, webhooks: Hanging[], port: number): Promise<void> {
  const kafka = openKafka(inject('brokers'))
  const configTopic = world.stack.topicPrefix + topics.webhookConfig.name
  const before = await countRecords(kafka, configTopic)
  await using producer = await openProducer(kafka)
  const send = (topic: { name: string }, key: string, value: object) =>
    producer.send({ topic: world.stack.topicPrefix + topic.name, key, value: JSON.stringify(value) })
  const businesses = [...new Set(webhooks.map(({ businessId }) => businessId))]
  await Promise.all(businesses.map((id) => send(topics.accountConfig, id, { webhooksEnabled: true })))
  const definitions = webhooks.map(({ id, businessId, host }) =>
    definition(id, { businessId, channels: [id], url: `http://${host}:${port}/`, timeoutMs }),
  )
  await Promise.all(definitions.map((one) => send(topics.webhookConfig, one.id, one)))
  // Each webhook has two records: the one above, and admin's, with the secret encrypted.
  const isCompleted = async () => (await countRecords(kafka, configTopic)) >= before + 2 * webhooks.length
  expect(await until(isCompleted, 120_000, systemClock), 'admin has completed the definitions').toBe(true)
  await world.inForce()
}

/** Publishes for the good webhooks alone, waits for what arrives, and compares. */
async function bystanders({ receiver, ...world }: FaultyStack, firstNumber: number, eventsPerLane: number) {
  const before = receiver.arrivals.length
  const published = await startLoad(world, {
    lanes: world.lanes,
    perSecond: goodPerSecond,
    eventsPerLane,
    eventOf: (lane: LoadLane, number, businessId) => messageOf(lane, firstNumber + number, businessId),
  }).done
  const isOfLanes = ({ path }: { path: string }) => /^\/\d+$/.test(path)
  const arrivals = () => receiver.arrivals.slice(before).filter(isOfLanes)
  await until(() => completionOf(published, arrivals())(), 60_000, systemClock)
  return compare(published, arrivals())
}

/** Takes every connection at every address of 127.0.0.0/8, and never answers. */
async function startAbyss() {
  const open = new Set<Socket>()
  const abyss = {
    open,
    port: 0,
    async [Symbol.asyncDispose]() {
      server.close()
      for (const socket of open) socket.destroy()
    },
  }
  const server = createServer((socket) => {
    open.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => void open.delete(socket))
    socket.resume()
  })
  server.listen(0, '0.0.0.0')
  await once(server, 'listening')
  abyss.port = (server.address() as AddressInfo).port
  return abyss
}

async function residentBytesOf(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text()
  return Number(/^process_resident_memory_bytes(?:\{[^}]*\})? (\S+)/m.exec(metrics)?.[1])
}
