import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type LocalAddress, localAddressFile } from '../../../services/cli/connection/local-address.ts'

/** Addresses and token by which other programs on this machine reach a running stack (contract.md, section 6). */
export type StackAddress = LocalAddress & { producerUrl: string }

/**
 * Writes the file atomically, readable by its owner only. Disposing removes it unless another stack has replaced it.
 */
export async function announce(address: StackAddress, file = localAddressFile): Promise<AsyncDisposable> {
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
