/** A mistake that somebody could make, and the tests that must notice it. Texts are kept short: they have to stay found. */
export type PlantedBug = {
  /** What goes wrong. */
  name: string
  file: string
  /** Stands in the file exactly once. */
  text: string
  replacement: string
  /** Each of them must fail. */
  caughtBy: string[]
  /** Its tests need Kafka: planted with --all only. */
  kafka?: true
}

const simulation = 'test/unit/dispatcher/simulation.test.ts'
const dispatcher = (file: string) => `services/dispatcher/${file}.ts`

export const plantedBugs: PlantedBug[] = [
  {
    name: 'commits the highest offset seen instead of the lowest unfinished one',
    file: dispatcher('offsets'),
    text: 'return this.#slots.peekFront()?.offset ?? this.#next',
    replacement: 'return this.#next',
    caughtBy: [simulation, 'test/guarantees/07-offsets.test.ts'],
  },
  {
    name: 'calls a notification finished before Kafka has acknowledged its outcome',
    file: dispatcher('held-items'),
    text: 'this.#ports.record(partition, records, (written) => {',
    replacement:
      'acknowledged({ parkedOffset: null } as Written)\n    this.#ports.record(partition, records, (written) => {',
    caughtBy: [simulation],
  },
  {
    name: 'drops what was taken from webhook-parked when partitions are revoked',
    file: dispatcher('parking'),
    text: 'if (parkedOffset !== null) this.#partitions.get(',
    replacement: 'if (parkedOffset === -1) this.#partitions.get(',
    caughtBy: [simulation],
  },
  {
    name: 'takes what was queued for answered when partitions are revoked',
    file: dispatcher('engine'),
    text: 'for (const item of queued) this.#parking.putBack(item)',
    replacement: 'for (const item of queued) (this.#parking.putBack(item), this.#held.answered.add(item.id, 1e9))',
    caughtBy: [simulation],
  },
  {
    name: 'starts a lane a second time while its head is in flight',
    file: dispatcher('lanes'),
    text: "if (lane.state === 'idle') this.#makeReady(lane)",
    replacement: 'this.#makeReady(lane)',
    caughtBy: [simulation, 'test/unit/dispatcher/engine.test.ts'],
  },
  {
    name: 'sends past what is parked: the order is broken',
    file: dispatcher('engine'),
    text: 'parked.isParking(webhookId) ? parked.mustFollow(webhookId, offset) : why !== null',
    replacement: 'why !== null',
    caughtBy: [simulation],
  },
  {
    name: 'does not know a record that comes twice',
    file: dispatcher('recent-ids'),
    text: 'return answered !== undefined && attempts < answered',
    replacement: 'return answered === undefined && attempts < 0',
    caughtBy: ['test/unit/dispatcher/engine.test.ts'],
  },
  {
    name: 'opens the breaker at the 100th failure',
    file: dispatcher('breaker'),
    text: 'const maxFailures = 100',
    replacement: 'const maxFailures = 99',
    caughtBy: ['test/unit/dispatcher/breaker.test.ts', 'test/guarantees/17-breaker.test.ts'],
  },
  {
    name: 'counts failures that are older than ten minutes',
    file: dispatcher('breaker'),
    text: 'nowMs - atMs <= windowMs',
    replacement: 'nowMs - atMs <= windowMs * 2',
    caughtBy: ['test/unit/dispatcher/breaker.test.ts'],
  },
  {
    name: 'forgets the failures at a success between them',
    file: dispatcher('breaker'),
    text: 'if (latestMs === undefined || nowMs - latestMs > windowMs) return initial',
    replacement: 'if (latestMs !== 0) return initial',
    caughtBy: ['test/unit/dispatcher/breaker.test.ts', 'test/guarantees/17-breaker.test.ts'],
  },
  {
    name: 'forgets the jitter',
    file: dispatcher('retry'),
    text: 'const jitterShare = 0.2',
    replacement: 'const jitterShare = 0',
    caughtBy: ['test/unit/dispatcher/retry.test.ts', 'test/guarantees/22-retry-delays.test.ts'],
  },
  {
    name: 'does not wait for as long as Retry-After asks',
    file: dispatcher('retry'),
    text: 'Math.min(outcome.retryAfterMs ?? 0, retryAfterCapMs)',
    replacement: '0',
    caughtBy: ['test/unit/dispatcher/retry.test.ts', 'test/guarantees/22-retry-delays.test.ts'],
  },
  {
    name: 'goes on sending to a webhook that answered 410',
    file: dispatcher('gates'),
    text: "outcome.kind === 'refused' && outcome.status === 410",
    replacement: "outcome.kind === 'refused' && outcome.status === 1",
    caughtBy: ['test/unit/dispatcher/engine-blocked.test.ts'],
  },
  {
    name: 'follows redirects',
    file: dispatcher('http'),
    text: 'new ClientPool(() => new Client(origin, options))',
    replacement:
      "new ClientPool(() => new Client(origin, options).compose(process.getBuiltinModule('module').createRequire(import.meta.url)('undici').interceptors.redirect({ maxRedirections: 3 })) as Client)",
    caughtBy: ['test/guarantees/28-redirects.test.ts'],
  },
  {
    name: 'connects to a literal address without judging it',
    file: dispatcher('addresses'),
    text: 'if (isLiteral && !isAllowedAddress(hostname, allowed))',
    replacement: 'if (isLiteral && hostname === "")',
    caughtBy: ['test/guarantees/26-blocked-addresses.test.ts'],
  },
  {
    name: 'is content when one of the addresses of a name is allowed',
    file: dispatcher('addresses'),
    text: '!addresses.every(',
    replacement: '!addresses.some(',
    caughtBy: ['test/unit/dispatcher/addresses.test.ts'],
  },
  {
    name: 'reads an answer for as long as it goes on',
    file: dispatcher('answer-limit'),
    text: 'takenBytes <= answerCapBytes ||',
    replacement: 'takenBytes > 0 ||',
    caughtBy: ['test/guarantees/30-answers.test.ts'],
  },
  {
    name: 'signs the body without its id and time',
    file: dispatcher('signature'),
    text: '.update(head).update(body)',
    replacement: '.update(body)',
    caughtBy: ['test/unit/dispatcher/signature.test.ts'],
  },
  {
    name: 'counts an attempt twice that comes twice',
    file: 'services/stats-aggregator/partition-fold.ts',
    text: 'offset <= state.source.offset',
    replacement: 'offset < 0',
    caughtBy: ['test/unit/stats-aggregator/partition-fold.test.ts', 'test/unit/stats-aggregator/exactness.test.ts'],
  },
  {
    name: 'commits attempts before their statistics are in Kafka',
    file: 'services/stats-aggregator/stage.ts',
    text: 'const bytes = await this.#write(states)',
    replacement: 'const bytes = 0\n    void this.#write(states)',
    caughtBy: ['test/unit/stats-aggregator/stage.test.ts'],
  },
  {
    name: 'finishes an event before its delivery is acknowledged',
    file: 'services/formatter/stage.ts',
    text: 'Promise.all([earlier, ...writes])',
    replacement: 'Promise.all([earlier])',
    caughtBy: ['test/unit/formatter/stage.test.ts'],
  },
  {
    name: 'gives a channel to the youngest webhook that names it',
    file: 'services/domain/definition-table.ts',
    text: 'byTime === 0 ? a.id < b.id : byTime < 0',
    replacement: 'byTime === 0 ? a.id < b.id : byTime > 0',
    caughtBy: ['test/unit/domain/definition-table.test.ts'],
  },
  {
    name: 'lets a token into other businesses',
    file: 'services/admin/access.ts',
    text: "!reaches(identity, businessId))) return 'other business'",
    replacement: "businessId === '')) return 'other business'",
    caughtBy: ['test/unit/admin/routes.test.ts'],
  },
  {
    name: 'begins at the end of a partition of which nothing is committed',
    file: 'services/platform/kafka/consumer.ts',
    text: 'fromBeginning: true',
    replacement: 'fromBeginning: false',
    caughtBy: ['test/e2e/kafka-platform.test.ts'],
    kafka: true,
  },
  {
    name: 'takes a table for read as soon as its consumer has joined',
    file: 'services/platform/kafka/table.ts',
    text: 'await table.#reachedAll(ends)',
    replacement: 'void ends',
    caughtBy: ['test/e2e/kafka-platform.test.ts'],
    kafka: true,
  },
  {
    name: 'knows nothing of breakers and answers when it takes partitions over',
    file: dispatcher('assignments'),
    text: 'engine.restore(number, restored)',
    replacement: 'engine.restore(number, { ...restored, gates: new Map(), answered: new Map() })',
    caughtBy: ['test/guarantees/20-restart-while-blocked.test.ts'],
    kafka: true,
  },
  {
    name: 'lets slow webhooks take every place in flight',
    file: dispatcher('lanes'),
    text: 'if (webhook.inFlight >= maxInFlight - this.#inFlight)',
    replacement: 'if (webhook.inFlight >= maxInFlight)',
    caughtBy: ['test/unit/dispatcher/engine.test.ts'],
  },
  {
    name: 'makes room in memory only while all of it is taken',
    file: dispatcher('parking'),
    text: 'if (this.#held.isCrowded) this.#relieve()',
    replacement: 'if (!this.#held.hasRoom) this.#relieve()',
    caughtBy: ['test/unit/dispatcher/engine-parking.test.ts'],
  },
  {
    name: 'takes back from webhook-parked as much as the memory holds',
    file: dispatcher('parked-drain'),
    text: 'if (free <= 0) return least',
    replacement: 'if (free <= 1e9) return limits.maxHeld',
    caughtBy: ['test/unit/dispatcher/engine-parking.test.ts'],
  },
  {
    name: 'takes back from webhook-parked as much of a quick webhook as of a slow one',
    file: dispatcher('parked-drain'),
    text: 'lanes.perSecondOf(webhookId))\n  }',
    replacement: '0)\n  }',
    caughtBy: ['test/unit/dispatcher/engine-parking.test.ts'],
  },
  {
    name: 'lets a webhook go by webhook-parked for as long as notifications keep coming',
    file: dispatcher('parked-drain'),
    text: 'parked.beginHandover(webhookId)',
    replacement: '',
    caughtBy: ['test/unit/dispatcher/engine-parking.test.ts'],
  },
  {
    name: 'parks what has caught up behind what came after it',
    file: dispatcher('parking'),
    text: 'if (parkedOffset !== null) {',
    replacement: 'if (parkedOffset === -1) {',
    caughtBy: ['test/unit/dispatcher/engine-parking.test.ts'],
  },
  {
    name: 'leaves a record unfinished that came while its delivery was put back',
    file: dispatcher('parking'),
    text: 'of slots.slice(1)) owner.finish(slot)',
    replacement: 'of []) owner.finish(slot)',
    caughtBy: ['test/unit/dispatcher/engine-parking.test.ts'],
  },
  {
    name: 'parks what is older than all that is parked behind it',
    file: dispatcher('parking'),
    text: '} else if (isOlder(place))',
    replacement: '} else if (isOlder(place) && false)',
    caughtBy: ['test/unit/dispatcher/engine-parking.test.ts'],
  },
  {
    name: 'calls a webhook slow before its speed is known',
    file: dispatcher('lanes'),
    text: 'return speed.isMeasured &&',
    replacement: 'return',
    caughtBy: ['test/unit/dispatcher/engine-parking.test.ts'],
  },
  {
    name: 'sends again what Kafka has acknowledged beside a partition that failed',
    file: 'services/platform/kafka/send-messages.ts',
    text: 'if (message.offset !== undefined) continue',
    replacement: '',
    caughtBy: ['test/unit/platform/kafka/send-messages.test.ts'],
  },
  {
    name: 'calls records acknowledged whose partition is not known',
    file: 'services/platform/kafka/send-messages.ts',
    text: 'if (!found) throw new',
    replacement: 'if (!found) continue\n        if (!data) throw new',
    caughtBy: ['test/unit/platform/kafka/send-messages.test.ts'],
  },
  {
    name: 'decides on a definition that another instance has replaced',
    file: 'services/admin/webhook-actions.ts',
    text: 'await store.caughtUp()',
    replacement: '',
    caughtBy: ['test/unit/admin/routes.test.ts'],
  },
  {
    name: 'waits at a stop for the fetches that bring nothing',
    file: 'services/platform/kafka/wake.ts',
    text: 'const end = () => resolve([])',
    replacement: 'const end = () => undefined',
    caughtBy: ['test/e2e/kafka-platform.test.ts'],
    kafka: true,
  },
  {
    name: 'waits for the last fetch when it closes a connection',
    file: 'services/platform/kafka/wake.ts',
    text: '|| !isFetching)',
    replacement: '|| isFetching)',
    caughtBy: ['test/e2e/kafka-platform.test.ts'],
    kafka: true,
  },
  {
    name: 'fetches before it writes what the last batch led to',
    file: 'services/platform/kafka/consumer.ts',
    text: 'await turnEnded()',
    replacement: 'turnEnded()',
    caughtBy: ['test/e2e/kafka-platform.test.ts'],
    kafka: true,
  },
]
