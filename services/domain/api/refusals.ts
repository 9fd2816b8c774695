/**
 * Why the admin API refuses a value, or what the current state does not allow, by code. The message is what a client of the API reads;
 * the console has words of its own for each code in each of its languages.
 */
export const refusalMessages = {
  'url-syntax': 'is not a URL',
  'url-scheme': 'must begin with https://',
  'url-credentials': 'must not hold a user or a password',
  'url-host': 'has no host',
  'url-port': 'must use the standard port',
  'url-address': 'leads to an address that is not public',
  'url-masked': 'holds "***" in place of a value in its query: send the whole URL',
  'header-reserved': 'is set by Hookline or by HTTP itself and cannot be a custom header',
  'header-twice': 'comes twice: header names do not differ by case',
  'header-not-stored': '"***" keeps a stored value, and there is none',
  'header-characters': 'must not hold line breaks, control characters or characters beyond Latin-1',
  'header-moved': 'has a value that is stored for another origin: send the value again, or leave the header out',
  'secret-not-stored': '"***" keeps a stored value, and there is none',
  'secret-moved': 'is stored for another origin: send the value again',
  'tls-certificate': 'must be certificates in PEM',
  'tls-pair': 'is missing: a client certificate and its key go together',
  'tls-key': 'must be the private key of the client certificate, in PEM and without a passphrase',
  'tls-key-again': 'is stored for another certificate: send the key again',
  blank: 'must not be blank',
  'server-made': 'is set by the server and cannot be changed',
  malformed: 'is nested too deep, or holds a text that is not well-formed Unicode',
  'event-not-wanted': 'is not among what the webhook receives',
  'one-selection':
    'name exactly one of: deliveryId; since, until, outcomes, contactId; deadLetters (with since, until, contactId, ' +
    'deliveryIds) or skipped (with since, until)',
  'not-activated': 'webhooks are not activated for this business',
  'switched-off': 'the webhook is switched off',
  paused: 'the webhook is paused: resume it',
  'not-blocked': 'sending is not blocked',
  'test-running': 'a test of this webhook is already running',
  'replay-preparing': 'a replay of this webhook is being prepared: try again when it is on its way',
  'too-many-found': 'there are too many; replay them in parts with since and until',
  'too-many-webhooks': 'the business has as many webhooks as are allowed: delete one that is not needed',
  overtaken: 'it was changed at the same time; read it again and repeat the change',
} as const

/** Keywords of JSON Schema that the API's shapes use; the code of a value that breaks one. */
export const schemaRules = [
  'required',
  'type',
  'enum',
  'const',
  'format',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
  'propertyNames',
  'additionalProperties',
  'anyOf',
] as const

export type RefusalCode = keyof typeof refusalMessages
export type ProblemCode = RefusalCode | (typeof schemaRules)[number]
const refusalCodes = Object.keys(refusalMessages) as [RefusalCode, ...RefusalCode[]]
export const problemCodes: readonly [ProblemCode, ...ProblemCode[]] = [...refusalCodes, ...schemaRules]
