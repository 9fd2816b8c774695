import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { createAdminClient } from '../demo/admin-client.ts'
import { openBusiness } from '../demo/business.ts'
import { samples } from '../demo/conversations/samples.ts'
import { isGood, playAndCompare, reportLines } from '../demo/demo-run.ts'
import type { ReceivedRequest } from '../receiver/arrival.ts'
import { arrivalLines } from '../receiver/arrival-line.ts'
import { openIssuer, signInLines } from './sign-in-lines.ts'

/**
 * The demo of docker-compose.yml: a sample business whose receiver is this container. It plays the sample conversations
 * at a readable pace, prints a link to the console, and then plays them again once a minute until it is stopped.
 */
const pauseMs = 400
const betweenRoundsMs = 60_000
/** Name of this container in docker-compose.yml. */
const hostName = 'demo'
/** File that the health check of docker-compose.yml looks for. */
const deliveredFile = '/tmp/delivered'

const issuer = await openIssuer()
const token = await issuer.token({ role: 'super_admin', permissions: ['events:write'], businessId: '*' }, '365d')
let isFirstRound = true
await using business = await openBusiness({
  admin: createAdminClient('http://admin:8080', token),
  clock: systemClock,
  runId: randomBytes(3).toString('hex'),
  onArrival: (arrival: ReceivedRequest) => {
    if (isFirstRound) print(arrivalLines(arrival))
  },
  hostName,
})
const options = { producerUrl: 'http://producer:8080', token, clock: systemClock, pauseMs }
await business.waitUntilInForce(options)
print([`Playing ${samples.length} conversations of business ${business.id} to the sample receiver ...`])
for (let round = 1; ; round++) {
  // Other ids in each round, since the same ones would be the same events.
  const conversations = samples.map((conversation) => ({ ...conversation, id: `${conversation.id}-${round}` }))
  const report = await playAndCompare(business, conversations, options)
  business.receiver.arrivals.length = 0
  print(reportLines(report))
  if (isGood(report)) writeFileSync(deliveredFile, '')
  if (isFirstRound) {
    const consoleUrl = process.env.CONSOLE_URL ?? 'http://127.0.0.1:8080'
    print([...(await signInLines(issuer, consoleUrl)), 'Another one: docker compose run --rm sign-in'])
  }
  isFirstRound = false
  await systemClock.sleep(betweenRoundsMs)
}

function print(lines: string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`)
}
