import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PlantedBug } from './bugs.ts'

/**
 * Returns the file with the bug in it. @throws Error if the text does not occur exactly once: the list is out of date.
 */
export function planted({ file, text, replacement }: PlantedBug, source: string): string {
  const count = text === '' ? 0 : source.split(text).length - 1
  if (count !== 1) throw new Error(`${file} contains ${count} times: ${text}`)
  // A function, because $ has a meaning in a replacement text.
  return source.replace(text, () => replacement)
}

/** Why the bug cannot be planted any more, or null. */
export function staleness(bug: PlantedBug, root: string): string | null {
  try {
    planted(bug, readFileSync(join(root, bug.file), 'utf8'))
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Writes the bug into a copy of the repository; disposing removes it again. @throws as planted. */
export function plant(bug: PlantedBug, root: string): Disposable {
  const path = join(root, bug.file)
  const source = readFileSync(path, 'utf8')
  writeFileSync(path, planted(bug, source))
  return { [Symbol.dispose]: () => writeFileSync(path, source) }
}
