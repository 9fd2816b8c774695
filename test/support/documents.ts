import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Access to the repository's documents for tests. */

export const root = new URL('../../', import.meta.url)

/** @param path relative to the repository's root. */
export function readDocument(path: string): string {
  return readFileSync(new URL(path, root), 'utf8')
}

/**
 * Whether a file or folder is in the repository, or is built from what is: `npm run build` makes services/dist.
 * @param path relative to the repository's root.
 */
export function isThere(path: string): boolean {
  const source =
    path === 'services/dist' ? 'services' : path.replace(/^services\/dist\/([\w-]+)\.mjs$/, 'services/$1/main.ts')
  return existsSync(new URL(source, root))
}

/** Files below a folder, relative to the repository's root. */
export function filesBelow(folder: string, ending: string): string[] {
  return readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
    .filter((name) => name.endsWith(ending) && !/(^|\/)(node_modules|dist)\//.test(name))
}

/** Every document: those in the root and those in docs/. */
export function documentPaths(): string[] {
  const atRoot = readdirSync(root).filter((name) => name.endsWith('.md'))
  return [...atRoot, ...filesBelow('docs', '.md')]
}

/** Contents of a document's code blocks in one language, in order. */
export function codeBlocks(document: string, language: string): string[] {
  const pattern = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm')
  return [...document.matchAll(pattern)].map(([, text = '']) => text)
}

/**
 * A section: everything below a heading until the next one of the same or a higher level. @throws Error without such a
 * heading.
 */
export function sectionOf(document: string, heading: string): string {
  const rank = /^#+/.exec(heading)?.[0].length ?? 0
  const lines = document.split('\n')
  const start = lines.indexOf(heading)
  if (start < 0) throw new Error(`no heading ${heading}`)
  const end = lines.findIndex((line, index) => index > start && new RegExp(`^#{1,${rank}} `).test(line))
  return lines.slice(start + 1, end < 0 ? undefined : end).join('\n')
}

/** Anchors of a document's headings, as GitHub makes them: a repeated one gets a number. */
export function anchorsOf(document: string): Set<string> {
  const anchors = new Set<string>()
  const text = document.replaceAll(/^```[\s\S]*?^```$/gm, '')
  for (const [, heading = ''] of text.matchAll(/^#+ (.*)$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = plain.replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '').replaceAll(' ', '-')
    let name = anchor
    for (let count = 1; anchors.has(name); count++) name = `${anchor}-${count}`
    anchors.add(name)
  }
  return anchors
}
