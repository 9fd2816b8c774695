/** Limits of events and notifications, the same over HTTP and from Kafka (contract.md, section 4). */
export const limits = {
  /** UTF-8 bytes of a name, from 1: ids, the platform, names of variables. They are keys, in headers, in every record. */
  maxNameBytes: 256,
  /** Of one event. */
  maxMessages: 500,
  /** Of one event. */
  maxVariables: 1_000,
  /** Milliseconds since the epoch. Avro's long and JavaScript's Date hold times that no notification can say. */
  earliestMs: 0,
  latestMs: Date.parse('9999-12-31T23:59:59.999Z'),
  /** Of a notification's body. */
  maxNotificationBytes: 262_144,
} as const
