import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { ConfigError } from './config/config.ts'

const prefix = 'sealed:v1:'
const ivBytes = 12
const tagBytes = 16

/** Result of opening a value. @property isKeyMissing the value may be intact, and can be opened once the key is present. */
export type Opened = { ok: true; plain: string } | { ok: false; reason: string; isKeyMissing: boolean }

export function isSealed(value: string): boolean {
  return value.startsWith(prefix)
}

/**
 * Seals short strings for storage in a topic: AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce and the context
 * as associated data. Format: sealed:v1:<key id>:<base64url of nonce, ciphertext, tag>. The first key seals, every key
 * opens. Own code: jose seals alike (JWE), but only asynchronously, and definitions are read synchronously.
 */
export class KeyRing {
  readonly #keys: Map<string, Buffer>
  readonly #activeId: string

  constructor(keys: Map<string, Buffer>) {
    const [activeId] = keys.keys()
    if (activeId === undefined) throw new ConfigError('HOOKLINE_KEY_RING holds no key')
    this.#keys = keys
    this.#activeId = activeId
  }

  /** @throws ConfigError when a key is not 32 bytes or an id is repeated. */
  static parse(text: string): KeyRing {
    const keys = new Map<string, Buffer>()
    for (const part of text.split(',')) {
      const at = part.indexOf('=')
      const id = part.slice(0, at)
      const key = Buffer.from(part.slice(at + 1), 'base64')
      if (key.length !== 32)
        throw new ConfigError(`HOOKLINE_KEY_RING: key "${id}" has ${key.length} bytes; allowed: 32`)
      if (keys.has(id)) throw new ConfigError(`HOOKLINE_KEY_RING: key "${id}" is repeated`)
      keys.set(id, key)
    }
    return new KeyRing(keys)
  }

  isSealed(value: string): boolean {
    return isSealed(value)
  }

  /** Whether the value is sealed with the active key. If not, it should be sealed again. */
  isCurrent(value: string): boolean {
    return value.startsWith(`${prefix}${this.#activeId}:`)
  }

  seal(plain: string, context: string): string {
    const iv = randomBytes(ivBytes)
    const cipher = createCipheriv('aes-256-gcm', this.#key(this.#activeId), iv, { authTagLength: tagBytes })
    cipher.setAAD(Buffer.from(context))
    const sealed = Buffer.concat([iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
    return `${prefix}${this.#activeId}:${sealed.toString('base64url')}`
  }

  /**
   * Opens a sealed value. A value that is not sealed is returned unchanged: an operator may have written it by hand.
   */
  open(value: string, context: string): Opened {
    if (!this.isSealed(value)) return { ok: true, plain: value }
    const [id = '', data = ''] = value.slice(prefix.length).split(':')
    const key = this.#keys.get(id)
    if (!key)
      return {
        ok: false,
        reason: `sealed with key "${id.slice(0, 50)}", which the key ring does not hold`,
        isKeyMissing: true,
      }
    const bytes = Buffer.from(data, 'base64url')
    if (bytes.length < ivBytes + tagBytes)
      return { ok: false, reason: 'sealed value is too short', isKeyMissing: false }
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes })
    decipher.setAAD(Buffer.from(context))
    decipher.setAuthTag(bytes.subarray(bytes.length - tagBytes))
    try {
      const plain = Buffer.concat([decipher.update(bytes.subarray(ivBytes, bytes.length - tagBytes)), decipher.final()])
      return { ok: true, plain: plain.toString('utf8') }
    } catch {
      return {
        ok: false,
        reason: 'sealed value was altered, or sealed for another webhook or another URL',
        isKeyMissing: false,
      }
    }
  }

  #key(id: string): Buffer {
    const key = this.#keys.get(id)
    if (!key) throw new Error(`no key ${id}`)
    return key
  }
}
