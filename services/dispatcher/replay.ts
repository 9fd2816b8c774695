/**
 * What a delivery is known by while it is held, and once it is answered for. A replay is another delivery than the one
 * that was answered for before, under the same webhook-id; its own record that comes twice is one replay.
 */
export function answerId(deliveryId: string, replayId: string | null): string {
  return replayId === null ? deliveryId : `${replayId} ${deliveryId}`
}

/** Replays wait for one another, and never for the contact's live notifications, nor these for them. */
export function laneOf(contactId: string, replayId: string | null): string {
  return replayId === null ? contactId : `\u0000replay ${contactId}`
}
