import { changeState, type Queue } from './lane.ts'

/**
 * Takes unsent items out of a queue's lanes: everything but the heads of lanes that are running or wait for a retry.
 * Lanes take turns, so that sending in that order later does not serve one contact after another.
 * @param takesWaiting which heads that wait for a retry are taken too.
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
    changeState(lane, 'idle')
    queue.lanes.delete(lane.contactId)
  }
  return taken.flat()
}
