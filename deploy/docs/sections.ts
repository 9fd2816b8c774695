/** Generated parts of a document: everything between a begin marker with a name and the next end marker. */

const end = '<!-- end -->'
const pattern = /(<!-- generated:([\w-]+) -->\n).*?(?=<!-- end -->)/gs

/**
 * Replaces the generated parts of a document; everything else stays as it is.
 * @param parts name -> text, each line ended.
 * @throws Error if a part has no marker in the document, or a marker no part.
 */
export function fillIn(document: string, parts: ReadonlyMap<string, string>): string {
  const filled = new Set<string>()
  const result = document.replace(pattern, (_all, begin: string, name: string) => {
    const text = parts.get(name)
    if (text === undefined) throw new Error(`nothing is generated for the marker generated:${name}`)
    filled.add(name)
    return `${begin}\n${text}\n`
  })
  const missing = [...parts.keys()].filter((name) => !filled.has(name))
  if (missing.length > 0)
    throw new Error(`no markers for ${missing.join(', ')}: <!-- generated:${missing[0]} --> ... ${end}`)
  return result
}
