import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { createIssuer, createIssuerKey } from '../demo/issuer.ts'
import { demoVariables, envFile } from './settings.ts'
import { files } from './volumes.ts'

/**
 * First container of docker-compose.yml. It makes a key ring and a token issuer's key where the volumes have none, and
 * writes the variables that the services read by --env-file. A variable in a service's environment takes precedence
 * over its value in such a file. With the argument "demo" it also allows what the sample receiver needs.
 */

if (!existsSync(files.keyRing)) {
  write(files.keyRing, envFile({ HOOKLINE_KEY_RING: `k1=${randomBytes(32).toString('base64')}` }))
  process.stdout.write(`created a key ring in ${files.keyRing}; without it the secrets in Kafka cannot be decrypted\n`)
}
if (!existsSync(files.issuerKey)) {
  write(files.issuerKey, JSON.stringify(await createIssuerKey()))
  process.stdout.write(`created a token issuer's key in ${files.issuerKey}\n`)
}
const { publicKey } = await createIssuer(JSON.parse(readFileSync(files.issuerKey, 'utf8')))
const isDemo = process.argv[2] === 'demo'
const variables = {
  HOOKLINE_AUTH_PUBLIC_KEY: publicKey,
  ...(isDemo ? demoVariables(networkInterfaces()) : {}),
}
write(files.settings, envFile(variables))

/** A process that is killed meanwhile leaves no half-written file. */
function write(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 })
  renameSync(`${file}.new`, file)
}
