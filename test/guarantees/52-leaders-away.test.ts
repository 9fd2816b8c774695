import { expect, inject, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { topics } from '../../services/topics/topic-map.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, sized } from '../support/guarantee-size.ts'
import { startKafkaProxy } from '../support/kafka-proxy.ts'
import { startLoad } from '../support/load.ts'
import { followOutcomes } from '../support/outcome-topics.ts'

const notLeader = 6
const awayMs = sized(2_000, 1_200)
const perSecond = 40
/** A webhook is blocked after more than 100 failures in ten minutes. */
const mostRefused = 60
/** Topics that a dispatcher writes; an outcome is in several of them, whose leaders fail one after another. */
const recorded = [topics.webhookAttempts, topics.webhookDeadLetters]
const written = sized([...recorded, topics.webhookRetries1m, topics.webhookParked, topics.webhookHealth], recorded)
const rounds = sized(4, 1)

test('when the leader of each topic is unavailable in turn and the dispatcher is ended, nothing is lost', {
  timeout: caseTimeoutMs,
}, async () => {
  const [broker = ''] = inject('brokers')
  await using proxy = await startKafkaProxy(broker)
  const more = (n: number) => (n === 3 ? { retryProfile: 'none' as const } : {})
  await using world = await startFaultyStack({ webhooks: 4, contacts: 80, brokers: [proxy.address], more })
  // Requests are refused once or for good, so that both paths are taken, but not so often that the breaker opens.
  const sentAgain = new Map<string, boolean>()
  const dead = new Set<string>()
  world.receiver.answer('/2', ({ webhookId }) => {
    const isRefused = !sentAgain.has(webhookId) && sentAgain.size < mostRefused
    if (isRefused || sentAgain.has(webhookId)) sentAgain.set(webhookId, !isRefused)
    return { kind: 'status', status: isRefused ? 503 : 204 }
  })
  world.receiver.answer('/3', ({ webhookId }) => {
    const isRefused = dead.has(webhookId) || dead.size < mostRefused
    if (isRefused) dead.add(webhookId)
    return { kind: 'status', status: isRefused ? 400 : 204 }
  })
  await using records = await followOutcomes(world.stack)
  const load = startLoad(world, { lanes: world.lanes, perSecond })
  for (let round = 0; round < rounds; round++)
    for (const [index, { name }] of written.entries()) {
      const topic = world.stack.topicPrefix + name
      proxy.refuse((asked) => (asked === topic ? notLeader : null))
      await systemClock.sleep(awayMs)
      const dispatcher = world.stack.service('dispatcher')
      dispatcher.kill((round + index) % 2 === 0 ? 'SIGKILL' : 'SIGTERM')
      await systemClock.sleep(awayMs / 2)
      proxy.refuse(() => null)
      await dispatcher.restarted()
    }
  const published = await load.stop()
  const report = await world.arrived(published, 120_000)
  const lettersLeft = async () => {
    const letters = new Set((await records.deadLetters()).map(({ delivery }) => delivery?.deliveryId ?? ''))
    return [...dead.difference(letters)]
  }
  const retriesLeft = () => [...sentAgain.values()].filter((isDone) => !isDone).length
  await until(async () => retriesLeft() === 0 && (await lettersLeft()).length === 0, 60_000, systemClock)
  const lost = { arrivals: report.missing.length, retries: retriesLeft(), letters: (await lettersLeft()).length }
  const cases = `${rounds * written.length} leaders away, each with a kill`
  const sum = `${published.length} events, ${dead.size} of them for the dead letters, ${sentAgain.size} sent again`
  figure(52, `${cases}, ${sum}: lost ${JSON.stringify(lost)}, repeated ${report.repeated}`)
  expect(proxy.refused).toBeGreaterThan(0)
  expect(lost).toEqual({ arrivals: 0, retries: 0, letters: 0 })
})
