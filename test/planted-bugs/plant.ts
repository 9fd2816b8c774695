import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PlantedBug, SourceEdit } from './bugs.ts'

/**
 * Returns the file with the bug in it. @throws Error if the text does not occur exactly once: the list is out of date.
 */
export function planted({ file, text, replacement }: SourceEdit, source: string): string {
  const count = text === '' ? 0 : source.split(text).length - 1
  if (count !== 1) throw new Error(`${file} contains ${count} times: ${text}`)
  // A function, because $ has a meaning in a replacement text.
  return source.replace(text, () => replacement)
}

/** Why the bug cannot be planted any more, or null. */
export function staleness(bug: PlantedBug, root: string): string | null {
  try {
    for (const edit of editsOf(bug)) planted(edit, readFileSync(join(root, edit.file), 'utf8'))
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Writes the bug into a copy of the repository; disposing removes it again. @throws as planted. */
export function plant(bug: PlantedBug, root: string): Disposable {
  const sources = new Map<string, string>()
  for (const edit of editsOf(bug)) {
    const path = join(root, edit.file)
    const source = readFileSync(path, 'utf8')
    if (!sources.has(path)) sources.set(path, source)
    writeFileSync(path, planted(edit, source))
  }
  return {
    [Symbol.dispose]: () => {
      for (const [path, source] of sources) writeFileSync(path, source)
    },
  }
}

export function editsOf({ also = [], ...bug }: PlantedBug): SourceEdit[] {
  return [bug, ...also]
}
