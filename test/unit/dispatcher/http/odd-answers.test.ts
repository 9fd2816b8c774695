import { request } from 'node:http'
import { expect, test } from 'vitest'
import { systemClock } from '../../../../services/platform/runtime/clock.ts'
import { oddAnswer } from '../../../support/answer-grammar.ts'
import { controlStatus, listenOdd } from '../../../support/odd-receiver.ts'
import { createSender, listenRaw, onRequest, post, resolveFrom } from '../../../support/outgoing.ts'
import { seeded } from '../../../support/simulation.ts'

/** HOOKLINE_SEED repeats a run; HOOKLINE_FUZZ_SECONDS makes it longer or shorter. */
const firstSeed = Number(process.env.HOOKLINE_SEED ?? Math.floor(systemClock.random() * 1e9))
const seconds = Number(process.env.HOOKLINE_FUZZ_SECONDS ?? 60)
const atOnce = 50
/** Time limit for an answer that comes, long enough for a busy machine. The others are given up sooner. */
const patienceMs = 20_000
const silenceMs = 400

test('any answer has a named outcome, has its status if one arrived, and is never taken for another request’s', {
  timeout: (seconds + 120) * 1_000,
}, async () => {
  await using odd = await listenOdd()
  await using bystander = await listenRaw((socket) =>
    onRequest(socket, () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')),
  )
  await using sender = createSender('127.0.0.0/8', { resolve: resolveFrom({ 'good.test': ['127.0.0.1'] }) })
  const endMs = systemClock.monotonicMs() + seconds * 1_000
  const tally: Record<string, number> = {}
  const problems: string[] = []
  let next = firstSeed
  const work = async () => {
    while (systemClock.monotonicMs() < endMs && problems.length < 10) {
      const seed = next++
      const answer = oddAnswer(seeded(seed))
      const outcome = await post(sender, `${odd.url}odd/${seed}`, {
        timeoutMs: answer.status === null ? silenceMs : patienceMs,
      })
      const status = 'status' in outcome ? outcome.status : null
      tally[outcome.kind === 'unreachable' ? outcome.reason : outcome.kind] =
        (tally[outcome.kind === 'unreachable' ? outcome.reason : outcome.kind] ?? 0) + 1
      if (answer.status !== null && status !== answer.status)
        problems.push(`seed ${seed}: ${answer.status} became ${JSON.stringify(outcome)}`)
      if (outcome.kind === 'unreachable' && !['timeout', 'connect'].includes(outcome.reason))
        problems.push(`seed ${seed}: ${JSON.stringify(outcome)}`)
      // The next request to the same origin, possibly on the same connection.
      const control = await post(sender, `${odd.url}control`)
      if (!('status' in control) || control.status !== controlStatus)
        problems.push(`after seed ${seed}: ${JSON.stringify(control)}`)
      const beside = await post(sender, `http://good.test:${bystander.port}/`)
      if (beside.kind !== 'success') problems.push(`beside seed ${seed}: ${JSON.stringify(beside)}`)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  process.stdout.write(`${next - firstSeed} answers from seed ${firstSeed}: ${JSON.stringify(tally)}\n`)
  expect(problems, `HOOKLINE_SEED=${firstSeed}`).toEqual([])
  expect(next - firstSeed).toBeGreaterThan(atOnce)
})

test('the status of a well-formed answer is the one node:http reads', { timeout: 60_000 }, async () => {
  await using odd = await listenOdd()
  await using sender = createSender()
  let compared = 0
  for (let seed = firstSeed; compared < 300; seed++) {
    if (!oddAnswer(seeded(seed)).isWellFormed) continue
    compared++
    const url = `${odd.url}odd/${seed}`
    const [outcome, status] = await Promise.all([post(sender, url), statusByNode(url)])
    expect(outcome, `seed ${seed}`).toMatchObject({ status })
  }
})

function statusByNode(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent: false, headers: { 'content-length': 2 } }, (answer) => {
      answer.resume()
      answer.on('error', () => undefined)
      resolve(answer.statusCode)
    })
    sent.on('error', reject)
    sent.end('{}')
  })
}
