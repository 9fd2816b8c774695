import { expect, test } from 'vitest'
import type { ReceivedRequest } from '../../deploy/receiver/arrival.ts'
import type { Answer } from '../../deploy/receiver/receiver.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { startLoad } from '../support/load.ts'
import { seeded } from '../support/simulation.ts'

const contacts = sized(1_000, 200)
const eventsPerLane = sized(100, 20)
const webhooks = 10
const kills = sized(10, 1)
/** Failures of one webhook: below the 100 in ten minutes at which it is blocked (contract.md, 1.9). */
const failuresOfWebhook = 80
const failureShare = 0.05
const ok: Answer = { kind: 'status', status: 204 }

test(`with faults, first deliveries of each of ${contacts} contacts are in order (${eventsPerLane} events each)`, {
  timeout: caseTimeoutMs,
}, async () => {
  const seed = Math.floor(systemClock.random() * 2 ** 31)
  process.stdout.write(`guarantee 8: seed ${seed}\n`)
  const random = seeded(seed)
  await using world = await startFaultyStack({ webhooks, contacts })
  let faults = 0
  for (let n = 0; n < webhooks; n++) {
    let failures = 0
    world.receiver.answer(`/${n}`, ({ attempt }: ReceivedRequest) => {
      // A third failure of the same notification would leave the quick retries, which hold the contact's lane.
      if (attempt > 2 || failures >= failuresOfWebhook || random() > failureShare)
        return { ...ok, delayMs: random() * 20 }
      failures++
      faults++
      return random() < 0.5 ? { kind: 'reset' } : { kind: 'status', status: 503 }
    })
  }
  const load = startLoad(world, { lanes: world.lanes, perSecond: 1_000, eventsPerLane, eventsPerRequest: 25 })
  let isDone = false
  void load.done.then(() => {
    isDone = true
  })
  for (let kill = 0; kill < kills && !isDone; kill++) {
    await systemClock.sleep(1_500)
    world.stack.service(kill % 2 === 0 ? 'dispatcher' : 'formatter').kill('SIGKILL')
    await systemClock.sleep(sized(6_000, 0))
  }
  const published = await load.done
  const report = await world.arrived(published, 180_000)
  const made = `${faults} failures, ${world.ends.length} kills`
  const counts = `missing ${report.missing.length}, inversions ${report.inversions}`
  figure(8, `${contacts} contacts, ${published.length} events, ${made}: ${counts}`)
  expect(world.ends.length).toBeGreaterThan(0)
  expect(faults).toBeGreaterThan(10)
  expect(report.missing).toEqual([])
  expect(report.faults).toEqual([])
})
