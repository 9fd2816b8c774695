import { sign } from 'node:crypto'
import type { TimedKey } from '../../config-topics/signing-keys.ts'

/**
 * Value for the webhook-signature header (Standard Webhooks, asymmetric): v1a and the base64 Ed25519 signature of
 * id.timestamp.body, one for each key that signs at that time, separated by a space.
 * @param timestampSeconds of this attempt.
 */
export function asymmetricSignatures(
  keys: readonly TimedKey[],
  id: string,
  timestampSeconds: number,
  body: Buffer,
): string {
  const signed = Buffer.concat([Buffer.from(`${id}.${timestampSeconds}.`), body])
  const signing = keys.filter(({ untilMs }) => timestampSeconds * 1_000 < untilMs)
  return signing.map(({ key }) => `v1a,${sign(null, signed, key).toString('base64')}`).join(' ')
}
