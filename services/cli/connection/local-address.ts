import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { compileSchema } from '../../platform/json/json-schema.ts'

/** What `npm start` leaves in .hookline/local.json while it runs (contract.md, section 6). */
export type LocalAddress = { brokers: string; schemaRegistryUrl: string; adminUrl: string; token: string }

const text = { type: 'string', minLength: 1 }
const check = compileSchema<LocalAddress>({
  type: 'object',
  required: ['brokers', 'schemaRegistryUrl', 'adminUrl', 'token'],
  properties: { brokers: text, schemaRegistryUrl: text, adminUrl: text, token: text },
})

export const localAddressFile = fileURLToPath(new URL('../../../.hookline/local.json', import.meta.url))

/** @returns null when no stack runs here. @throws Error when the file is there and holds something else. */
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
