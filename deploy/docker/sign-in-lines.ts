import { readFileSync } from 'node:fs'
import { createIssuer, type Issuer } from '../demo/issuer.ts'
import { files } from './volumes.ts'

/** The issuer whose key is in the volume. @throws Error if docker compose up has not created it yet. */
export async function openIssuer(): Promise<Issuer> {
  return createIssuer(JSON.parse(readFileSync(files.issuerKey, 'utf8')))
}

/** A link to the console, as text for people. @param consoleUrl without a slash at the end. */
export async function signInLines(issuer: Issuer, consoleUrl: string): Promise<string[]> {
  const login = await issuer.loginToken({ role: 'super_admin', businessId: '*' })
  return ['The console: this link signs in once, within 50 minutes:', `  ${consoleUrl}/login#${login}`]
}
