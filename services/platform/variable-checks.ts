import { isIP } from 'node:net'
import { brokerListForm, parseBrokers } from './kafka/broker-list.ts'

/** What a variable's text has to be beyond its type. `allowed` is told when it is not, and in the README's table. */
export type Check = { check: (value: string) => boolean; allowed: string }

export const brokerList: Check = { check: (value) => parseBrokers(value) !== null, allowed: brokerListForm }

/** Of something that is asked over HTTP; credentials have variables of their own. */
export const httpUrl: Check = {
  check: isHttpUrl,
  allowed: 'http: or https: URL without credentials, query and fragment',
}

export const optionalHttpUrl: Check = { check: (value) => value === '' || isHttpUrl(value), allowed: httpUrl.allowed }

export const origin: Check = {
  check: (value) => value === '' || (isHttpUrl(value) && new URL(value).origin === value),
  allowed: 'http: or https: URL with nothing behind host and port',
}

export const listenAddress: Check = {
  check: (value) => isIP(value) !== 0 || isHostName(value),
  allowed: 'IP address, or a host name of this machine',
}

export const printable: Check = {
  check: (value) => /^[\x21-\x7e]{1,255}$/.test(value),
  allowed: '1 to 255 letters of ASCII without blanks',
}

export function eachOf(names: readonly string[]): Check {
  return {
    check: (value) => value.split(',').every((name) => names.includes(name.trim())),
    allowed: `some of ${names.join(', ')}; comma-separated`,
  }
}

function isHttpUrl(value: string): boolean {
  // URL would cut blanks and line ends away.
  if (!/^https?:\/\/\S+$/.test(value) || !URL.canParse(value)) return false
  const { username, password, search, hash } = new URL(value)
  return username === '' && password === '' && search === '' && hash === '' && !/[?#]$/.test(value)
}

function isHostName(value: string): boolean {
  // All digits and dots would be an IPv4 address that is none.
  return /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(value) && !/^[\d.]+$/.test(value) && value.length <= 253
}
