import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'

/** SHA-256 of every file that the local platform downloads and runs. */
export const checksumFile = fileURLToPath(new URL('artifacts.sha256', import.meta.url))

/**
 * @param folder must hold exactly the files of artifacts.sha256.
 * @throws Error naming missing, additional and differing files.
 */
export async function verify(folder: string): Promise<void> {
  const expected = parseChecksums(await readFile(checksumFile, 'utf8'))
  const actual = await computeChecksums(folder)
  const wrong = [...new Set([...expected.keys(), ...actual.keys()])].filter(
    (name) => expected.get(name) !== actual.get(name),
  )
  if (wrong.length > 0) throw new Error(`these files are not the ones in ${checksumFile}: ${wrong.join(', ')}`)
}

/** Parses the format of `sha256sum`. @returns file name -> lower-case hexadecimal SHA-256. */
export function parseChecksums(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line !== '')
  return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]))
}

/** Computes the checksums of a folder. @returns the same map, sorted by name. */
export async function computeChecksums(folder: string): Promise<Map<string, string>> {
  const sums = new Map<string, string>()
  for (const name of (await readdir(folder)).toSorted()) {
    const hash = createHash('sha256')
    await pipeline(createReadStream(join(folder, name)), hash)
    sums.set(name, hash.digest('hex'))
  }
  return sums
}
