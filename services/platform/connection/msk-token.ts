import { createRequire } from 'node:module'
import { ConfigError } from '../config/config.ts'
import type { IssueToken } from './token-cache.ts'

/** Optional dependency: it brings the AWS SDK, which only clusters of AWS need. */
const signer = 'aws-msk-iam-sasl-signer-js'

/**
 * Signs tokens for Amazon MSK with the credentials that the AWS SDK finds.
 * @throws ConfigError when the signer is not installed.
 */
export function mskTokens(region: string): IssueToken {
  try {
    createRequire(import.meta.url).resolve(signer)
  } catch {
    throw new ConfigError(
      `KAFKA_SASL_MECHANISM is "aws-msk-iam"; it needs the npm package ${signer}, which is not installed`,
    )
  }
  return async () => {
    const { generateAuthToken } = await import('aws-msk-iam-sasl-signer-js')
    try {
      const { token, expiryTime } = await generateAuthToken({ region })
      return { value: token, expiresAtMs: expiryTime }
    } catch (error) {
      throw new Error(`no AWS credentials for KAFKA_SASL_MECHANISM aws-msk-iam: ${(error as Error).message}`)
    }
  }
}
