/** Reads an export as it comes. @param id pattern of the id in a row. @returns its lines, and how many different ids they have. */
export async function countRows(url: string, token: string, id: RegExp): Promise<{ lines: number; ids: number }> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } })
  if (!response.ok || !response.body) throw new Error(`${url} answered ${response.status}`)
  const ids = new Set<string>()
  let lines = 0
  let rest = ''
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    lines += parts.length
    for (const line of parts) {
      const [found] = id.exec(line) ?? []
      if (found) ids.add(found)
    }
  }
  if (rest !== '') throw new Error('the export ended within a line')
  return { lines, ids: ids.size }
}
