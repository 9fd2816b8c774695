import { isIP, isIPv4, isIPv6 } from 'node:net'
import { brokerListForm, parseBrokers } from '../kafka/broker-list.ts'

/**
 * A condition on a variable's text beyond its type. `allowed` describes it in errors and in
 * docs/reference/configuration.md.
 */
export type Check = { check: (value: string) => boolean; allowed: string }

export const brokerList: Check = { check: (value) => parseBrokers(value) !== null, allowed: brokerListForm }

/** URL of something reached over HTTP. Credentials have their own variables. */
export const httpUrl: Check = {
  check: isHttpUrl,
  allowed: 'http: or https: URL without credentials, query or fragment',
}

/** A proxy for CONNECT, reached over plain HTTP; may be left empty. */
export const proxyUrl: Check = {
  check: (value) => value === '' || (isHttpUrl(value) && value.startsWith('http:') && new URL(value).pathname === '/'),
  allowed: 'http: URL of host and port only',
}

export const optionalHttpUrl: Check = { check: (value) => value === '' || isHttpUrl(value), allowed: httpUrl.allowed }

export const origin: Check = {
  check: (value) => value === '' || (isHttpUrl(value) && new URL(value).origin === value),
  allowed: 'http: or https: URL of scheme, host and port only',
}

export const listenAddress: Check = {
  check: (value) => isIP(value) !== 0 || isHostName(value),
  allowed: 'IP address, or a host name of the local machine',
}

export const printable: Check = {
  check: (value) => /^[\x21-\x7e]{1,255}$/.test(value),
  allowed: '1 to 255 printable ASCII characters without blanks',
}

/** Name that a certificate may hold; may be left empty. */
export const optionalName: Check = {
  check: (value) => value === '' || listenAddress.check(value),
  allowed: 'host name or IP address',
}

/** URL of an SMTP server, with user and password if it asks for them; may be left empty. */
export const optionalSmtpUrl: Check = {
  check: (value) => value === '' || (/^smtps?:\/\/\S+$/.test(value) && (URL.parse(value)?.hostname ?? '') !== ''),
  allowed: 'smtp: or smtps: URL, such as smtp://user:password@mail.example.com:587',
}

/** An address that mails are sent from, without a name; may be left empty. */
export const optionalMailAddress: Check = {
  check: (value) => value === '' || /^[^\s@<>]{1,64}@[^\s@<>]{1,189}$/.test(value),
  allowed: 'mail address without a name',
}

/** Text with at least one PEM block of the kind, such as CERTIFICATE; may be left empty. */
export function pemText(kind: string): Check {
  const begins = (line: string) => {
    const found = /^-----BEGIN ([A-Z0-9 ]+)-----$/.exec(line.trim())?.[1]
    return found === kind || found?.endsWith(` ${kind}`) === true
  }
  return { check: (value) => value === '' || value.split('\n').some(begins), allowed: `PEM text with BEGIN ${kind}` }
}

/** Pairs of name and value. */
export const namedValues: Check = {
  check: (value) => value === '' || value.split(',').every((pair) => /^\s*[A-Za-z]+=[\x21-\x7e]+\s*$/.test(pair)),
  allowed: 'name=value, comma-separated; names of letters',
}

/** Addresses of name servers. They are IP addresses, because nothing can resolve names before them. */
export const nameServerList: Check = {
  check: (value) => value === '' || value.split(',').every(isNameServer),
  allowed:
    'IP addresses, each with a port if it is not 53, such as 192.0.2.1,192.0.2.2:5353,[2001:db8::1]:53; comma-separated',
}

export function eachOf(names: readonly string[]): Check {
  return {
    check: (value) => value.split(',').every((name) => names.includes(name.trim())),
    allowed: `one or more of ${names.join(', ')}; comma-separated`,
  }
}

function isHttpUrl(value: string): boolean {
  // URL would strip blanks and line breaks.
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
  // Digits and dots alone would be an invalid IPv4 address.
  return /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(value) && !/^[\d.]+$/.test(value) && value.length <= 253
}
