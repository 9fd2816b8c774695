import { isIP, isIPv4, isIPv6 } from 'node:net'
import { brokerListForm, parseBrokers } from '../kafka/broker-list.ts'

/** What a variable's text has to be beyond its type. `allowed` is told when it is not, and in docs/reference/configuration.md. */
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

/** Of servers that are asked before any name is known. */
export const nameServerList: Check = {
  check: (value) => value === '' || value.split(',').every(isNameServer),
  allowed:
    'IP addresses, with a port where it is not 53, such as 192.0.2.1,192.0.2.2:5353,[2001:db8::1]:53; comma-separated',
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

function isNameServer(text: string): boolean {
  if (isIP(text) !== 0) return true
  const [, inBrackets, plain, port = ''] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const isAddress = inBrackets === undefined ? isIPv4(plain ?? '') : isIPv6(inBrackets)
  return isAddress && Number(port) >= 1 && Number(port) <= 65_535
}

function isHostName(value: string): boolean {
  // All digits and dots would be an IPv4 address that is none.
  return /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(value) && !/^[\d.]+$/.test(value) && value.length <= 253
}
