// Writes released.json, at each release: node deploy/release/record-release.ts <base image> (CONTRIBUTING.md,
// "Releasing"). The image of the release is built on that base image.
import { readFileSync, writeFileSync } from 'node:fs'
import { baseImageProblem } from './base-image.ts'
import { currentFacts, releasedFile } from './release-facts.ts'

const { version, devDependencies } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string; devDependencies: { node: string } }
const baseImage = process.argv[2] ?? ''
const problem = baseImageProblem(baseImage, devDependencies.node)
if (problem !== null) {
  process.stderr.write(`${problem}\nusage: node deploy/release/record-release.ts <base image>\n`)
  process.exit(2)
}
writeFileSync(releasedFile, `${JSON.stringify({ version, baseImage, ...currentFacts() }, null, 2)}\n`)
