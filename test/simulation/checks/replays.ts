import type { Evidence } from './judge.ts'

/** A replay sends what it selected, each notification until it has ended, and nothing else. */
export function findWronglyReplayed(
  { published, attempts, receivers, replayOf }: Evidence,
  violation: (what: string) => void,
): void {
  const selected = new Map(
    published.replays.map(({ replayId, deliveries }) => [replayId, new Set(deliveries.map((each) => each.deliveryId))]),
  )
  const ended = new Map<string, Set<string>>()
  for (const { value } of attempts) {
    const { replayId, deliveryId, next } = value
    if (replayId === null) continue
    if (!selected.get(replayId)?.has(deliveryId))
      violation(`${replayId} has sent ${deliveryId}, which it did not select`)
    if (next !== 'retry') ended.set(replayId, (ended.get(replayId) ?? new Set()).add(deliveryId))
  }
  const sent = new Set(receivers.log.map((request) => `${replayOf(request)} ${request.deliveryId}`))
  const rejected = new Set(
    attempts.flatMap(({ value }) => (value.outcome === 'rejected' ? [`${value.replayId} ${value.deliveryId}`] : [])),
  )
  for (const [replayId, ids] of selected)
    for (const id of ids) {
      const place = `${replayId} ${id}`
      if (!ended.get(replayId)?.has(id)) violation(`${replayId} has not ended ${id}`)
      else if (!sent.has(place) && !rejected.has(place)) violation(`${replayId} has not sent ${id}`)
    }
}
