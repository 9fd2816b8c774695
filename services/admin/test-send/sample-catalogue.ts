import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packagePath } from '../../platform/package-files.ts'

/** Bodies of the published samples by name, parsed. */
export type SampleCatalogue = ReadonlyMap<string, SampleBody>
export type SampleBody = { type: string; chatPlatform: string } & Record<string, unknown>

const folder = packagePath('schemas/notifications/samples')

/** Reads schemas/notifications/samples, which receivers install as a package. */
export function readSamples(): SampleCatalogue {
  const files = readdirSync(folder).sort()
  return new Map(
    files.map((file) => [
      file.replace(/\.json$/, ''),
      JSON.parse(readFileSync(join(folder, file), 'utf8')) as SampleBody,
    ]),
  )
}
