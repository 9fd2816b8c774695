/**
 * Why the admin API refuses a webhook's URL, header, certificate or credentials, by code. The message is what a client of the API reads;
 * the console has words of its own for each code in each of its languages.
 */
export const refusalMessages = {
  'url-syntax': 'is not a URL',
  'url-scheme': 'must begin with https://',
  'url-credentials': 'must not hold a user or a password',
  'url-host': 'has no host',
  'url-port': 'must use the standard port',
  'url-address': 'leads to an address that is not public',
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
} as const

export type RefusalCode = keyof typeof refusalMessages
export const refusalCodes = Object.keys(refusalMessages) as [RefusalCode, ...RefusalCode[]]
