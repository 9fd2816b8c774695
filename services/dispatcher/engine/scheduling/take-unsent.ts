import type { Queue } from './lane.ts'

/**
 * Takes out of a queue's lanes what has not been sent yet: everything but the heads of running and held lanes. The lanes take
 * turns: what is sent in that order later is not one contact's after another's.
 * @param takesWaiting which heads of held lanes are taken too.
 */
export function takeUnsent<Item>(queue: Queue<Item>, takesWaiting: (head: Item) => boolean): Item[] {
  const taken: Item[][] = []
  queue.ready.clear()
  for (const lane of [...queue.lanes.values()]) {
    const head = lane.items.peekFront()
    const isKept =
      lane.state === 'running' || (lane.state === 'waitingForRetry' && head !== undefined && !takesWaiting(head))
    const from = isKept ? 1 : 0
    const items = lane.items.length > from ? lane.items.remove(from, lane.items.length - from) : []
    for (const [turn, item] of items.entries()) {
      const itemsOfTurn = taken[turn]
      if (itemsOfTurn) itemsOfTurn.push(item)
      else taken[turn] = [item]
    }
    if (isKept) continue
    if (lane.state === 'waitingForRetry') queue.waitingForRetry--
    lane.state = 'idle'
    queue.lanes.delete(lane.contactId)
  }
  return taken.flat()
}
