import { hash } from 'node:crypto'
import type { Delivery } from '../../../domain/delivery/delivery.ts'
import { joinBodies } from '../../../domain/event/joined-body.ts'

/** A notification in its lane, as far as joining depends on it. */
export type Joinable = {
  delivery: Delivery
  replayId: string | null
  attempts: readonly unknown[]
  isJoined: boolean
}

export type JoinDecision =
  /** Another message may come within the window. */
  | { kind: 'wait'; delayMs: number }
  /** The first `count` of the lane become this notification. */
  | { kind: 'join'; count: number; delivery: Delivery }

/** Maximum notifications that are joined, each of which has at least a message or a variable. */
const maxJoined = 500

/**
 * Whether a notification is joined with others: a message of live traffic that has not been sent under its own id, and is
 * not the result of joining.
 */
export function isJoinable({ delivery, replayId, attempts, isJoined }: Joinable): boolean {
  return delivery.kind === 'message' && replayId === null && attempts.length === 0 && !isJoined
}

/**
 * Decides about the head of a lane, which is joinable: with how many of those behind it, in order, it becomes one
 * notification, or how long to wait for more of them. The window begins when the head was formatted. It ends early when
 * something else follows, because order is kept, or when nothing more fits.
 */
export function decideJoin(lane: Iterable<Joinable>, windowMs: number, nowMs: number): JoinDecision {
  const joinable: Delivery[] = []
  let endMs = Number.POSITIVE_INFINITY
  let isClosed = false
  for (const item of lane) {
    // Formatted by another machine, whose clock may be ahead.
    if (joinable.length === 0) endMs = Math.min(item.delivery.createdAt, nowMs) + windowMs
    isClosed = !isJoinable(item) || (joinable.length > 0 && item.delivery.createdAt >= endMs)
    if (isClosed) break
    joinable.push(item.delivery)
    isClosed = joinable.length === maxJoined
    if (isClosed) break
  }
  const { count, body } = joinBodies(joinable.map((each) => each.body))
  if (!isClosed && count === joinable.length && nowMs < endMs) return { kind: 'wait', delayMs: endMs - nowMs }
  return { kind: 'join', count, delivery: toJoined(joinable.slice(0, count), body) }
}

/** The notification that replaces the members. Its facts about an event are those of the first one. */
function toJoined(members: readonly Delivery[], body: Buffer): Delivery {
  const [first] = members as [Delivery]
  const newest = members.reduce((one, other) => (other.definitionOffset > one.definitionOffset ? other : one))
  const { definitionVersion, definitionOffset } = newest
  return { ...first, deliveryId: joinedId(members), body, definitionVersion, definitionOffset }
}

/**
 * The webhook-id of a joined notification, a hash of its members' ids: the same members give the same id, and no two
 * bodies share one.
 */
function joinedId(members: readonly Delivery[]): string {
  return `msg_${hash('sha256', `joined ${members.map(({ deliveryId }) => deliveryId).join(' ')}`, 'base64url')}`
}
