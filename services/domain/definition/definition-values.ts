/** Choices, defaults and limits of a webhook definition (contract.md, section 5) for the API, the topic and the console. */

export const eventNames = [
  'userMessages',
  'botMessages',
  'operatorMessages',
  'deliveredStatus',
  'readStatus',
  'variableChanges',
] as const
export type EventName = (typeof eventNames)[number]
export const everyKind = Object.fromEntries(eventNames.map((name) => [name, true])) as Record<EventName, true>

export const retryProfiles = ['none', 'chat', 'extended'] as const
export const blockedChoices = ['reject', 'park'] as const

/** Signature schemes of Standard Webhooks: v1 is HMAC-SHA256 by the secret, v1a is Ed25519 by a key pair. */
export const signatureSchemes = ['v1', 'v1a'] as const
export type SignatureScheme = (typeof signatureSchemes)[number]

export const definitionDefaults = {
  enabled: true,
  paused: false,
  events: {
    userMessages: true,
    botMessages: true,
    operatorMessages: true,
    deliveredStatus: false,
    readStatus: false,
    variableChanges: false,
  },
  headers: {},
  timeoutMs: 10_000,
  slowThresholdMs: 1_000,
  retryProfile: 'chat',
  whenBlocked: 'reject',
  maxInFlight: 64,
  bufferSeconds: 0,
  collapseStatuses: false,
  signatures: ['v1'] as SignatureScheme[],
} as const

export const numberLimits = {
  timeoutMs: { minimum: 1_000, maximum: 30_000 },
  slowThresholdMs: { minimum: 1, maximum: 30_000 },
  maxInFlight: { minimum: 1, maximum: 1_000 },
  rateLimitPerSecond: { minimum: 0.001, maximum: 10_000 },
  bufferSeconds: { minimum: 0, maximum: 60 },
} as const

/** Languages of the console and of alerts. */
export const languages = ['en', 'es', 'pt'] as const
export type Language = (typeof languages)[number]

/** Form of an id in the API and in the topic. Control characters are excluded: a line break separates the parts of a sealing context. */
export const identifier = { minLength: 1, maxLength: 100, pattern: '^[^\\u0000-\\u001f\\u007f]+$' } as const

/** Maximum characters of a plain header value; an encrypted one is longer. */
export const maxHeaderValue = 8_192

/** Stands for a value that is never shown: secrets, header values. In a change of headers it keeps the stored value. */
export const maskedValue = '***'
