import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Addresses and token by which other programs on this machine reach a running stack (contract.md, section 6). */
export type StackAddress = {
  /** host:port, comma-separated. */
  brokers: string
  schemaRegistryUrl: string
  adminUrl: string
  producerUrl: string
  /** Token of a super_admin for every business. */
  token: string
}

export const addressFile = fileURLToPath(new URL('../../../.hookline/local.json', import.meta.url))

/**
 * Writes the file atomically, readable by its owner only. Disposing removes it unless another stack has replaced it.
 */
export async function announce(address: StackAddress, file = addressFile): Promise<AsyncDisposable> {
  const text = `${JSON.stringify(address, null, 2)}\n`
  await mkdir(dirname(file), { recursive: true })
  const draft = `${file}.${process.pid}`
  await writeFile(draft, text, { mode: 0o600 })
  await rename(draft, file)
  return {
    async [Symbol.asyncDispose]() {
      const present = await readFile(file, 'utf8').catch(() => '')
      if (present === text) await rm(file, { force: true })
    },
  }
}
