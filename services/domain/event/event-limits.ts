/** Limits of events and notifications, the same over HTTP and from Kafka (contract.md, section 4). */
export const limits = {
  /**
   * Maximum UTF-8 bytes of a name; the minimum is 1. Names are ids, the platform and names of variables. They are used
   * as keys, in headers and in every record.
   */
  maxNameBytes: 256,
  /** Maximum messages of one event. */
  maxMessages: 500,
  /** Maximum variables of one event. */
  maxVariables: 1_000,
  /**
   * Earliest time, in milliseconds since the epoch. Avro's long and JavaScript's Date hold times that a notification
   * cannot state.
   */
  earliestMs: 0,
  latestMs: Date.parse('9999-12-31T23:59:59.999Z'),
  /** Maximum bytes of a notification's body. */
  maxNotificationBytes: 262_144,
} as const
