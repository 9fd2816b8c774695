import { readFile } from 'node:fs/promises'
import { compileSchema } from '../../platform/json/json-schema.ts'
import { packagePath } from '../../platform/package-files.ts'

/**
 * Contents of .hookline/local.json, which `npm start` keeps while it runs (contract.md, section 6). The brokers are
 * host:port, comma-separated; the token is a super_admin's, for every business.
 */
export type LocalAddress = { brokers: string; schemaRegistryUrl: string; adminUrl: string; token: string }

const text = { type: 'string', minLength: 1 }
const check = compileSchema<LocalAddress>({
  type: 'object',
  required: ['brokers', 'schemaRegistryUrl', 'adminUrl', 'token'],
  properties: { brokers: text, schemaRegistryUrl: text, adminUrl: text, token: text },
})

export const localAddressFile = packagePath('.hookline/local.json')

/** @returns null if no local stack is running. @throws Error if the file has other contents. */
export async function readLocalAddress(file = localAddressFile): Promise<LocalAddress | null> {
  const content = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (content === null) return null
  const checked = check(JSON.parse(content))
  if (!checked.ok) throw new Error(`${file}: ${checked.problems.map((p) => `${p.field} ${p.message}`).join('; ')}`)
  return checked.value
}
