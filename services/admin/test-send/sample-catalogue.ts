import { readdirSync, readFileSync } from 'node:fs'

/** Bodies of the published samples by name, parsed. */
export type SampleCatalogue = ReadonlyMap<string, SampleBody>
export type SampleBody = { type: string; chatPlatform: string } & Record<string, unknown>

const folder = new URL('../../../schemas/notifications/samples/', import.meta.url)

/** Reads schemas/notifications/samples, which receivers install as a package. */
export function readSamples(): SampleCatalogue {
  const files = readdirSync(folder).sort()
  return new Map(
    files.map((file) => [
      file.replace(/\.json$/, ''),
      JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as SampleBody,
    ]),
  )
}
