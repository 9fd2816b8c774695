import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConfigError } from '../../../../services/platform/config/config.ts'
import { TlsSettings } from '../../../../services/platform/connection/tls-settings.ts'
import { type Credentials, createCertificateAuthority } from '../../../support/secured/certificate-authority.ts'

const folder = mkdtempSync(join(tmpdir(), 'hookline-tls-'))
afterAll(() => rmSync(folder, { recursive: true }))

let ca: string
let first: Credentials
let second: Credentials

beforeAll(async () => {
  const authority = await createCertificateAuthority('Test CA')
  ca = authority.certificate
  first = await authority.issue('first')
  second = await authority.issue('second')
})

const encrypted = ({ key }: Credentials, passphrase: string) =>
  createPrivateKey(key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }).toString()

function faultOf(config: object): string {
  try {
    new TlsSettings(config, 'T_')
    return 'accepted'
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
}

describe('settings that cannot work end the start', () => {
  test('a key that belongs to another certificate', () => {
    const fault = faultOf({ T_CERTIFICATE: first.certificate, T_KEY: second.key })
    expect(fault).toBe('T_KEY does not work with T_CERTIFICATE: key values mismatch')
  })

  test('a wrong passphrase, and a missing one', () => {
    const own = { T_CERTIFICATE: first.certificate, T_KEY: encrypted(first, 'right') }
    expect(faultOf({ ...own, T_KEY_PASSPHRASE: 'wrong' })).toContain('T_KEY does not work')
    expect(faultOf(own)).toContain('T_KEY does not work')
    expect(faultOf({ ...own, T_KEY_PASSPHRASE: 'right' })).toBe('accepted')
  })

  test('a damaged certificate among several, and a CA without any', () => {
    const damaged = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'
    expect(faultOf({ T_CA: `${ca}\n${damaged}` })).toContain('T_CA holds a damaged certificate')
    expect(faultOf({ T_CA: '-----BEGIN CERTIFICATE-----\nAAAA' })).toBe('T_CA holds no certificate')
    const file = join(folder, 'damaged.pem')
    writeFileSync(file, damaged)
    expect(faultOf({ T_CA: damaged, T_CA_FILE: file })).toContain(`T_CA_FILE (${file}) holds a damaged certificate`)
  })
})

test('replaced files are used by the next connection, and never a certificate with the key of another one', () => {
  const certificate = join(folder, 'client.pem')
  const key = join(folder, 'client.key')
  writeFileSync(certificate, first.certificate)
  writeFileSync(key, first.key)
  const warnings: object[] = []
  const files = { T_CERTIFICATE_FILE: certificate, T_KEY_FILE: key }
  const settings = new TlsSettings(files, 'T_', { warn: (line) => void warnings.push(line) })
  const before = settings.context()
  expect(settings.context()).toBe(before)

  // Half of the replacement.
  writeFileSync(certificate, second.certificate)
  expect(settings.material().cert).toBe(first.certificate.trim())
  settings.context()
  expect(warnings).toEqual([{ reason: expect.stringContaining('key values mismatch') }])

  writeFileSync(key, second.key)
  expect(settings.context()).not.toBe(before)
  expect(settings.material()).toEqual({ cert: second.certificate.trim(), key: second.key.trim() })
})

test('without any variable nothing is set, and Node trusts its own CAs', () => {
  const settings = new TlsSettings({}, 'T_')
  expect([settings.isEmpty, settings.hasCa, settings.material()]).toEqual([true, false, {}])
})
