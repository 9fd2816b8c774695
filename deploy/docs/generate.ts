import { readFile, writeFile } from 'node:fs/promises'
import { generatedParts } from './parts.ts'
import { fillIn } from './sections.ts'

/** npm run docs: makes the generated parts of README.md anew. */

const readme = new URL('../../README.md', import.meta.url)
const before = await readFile(readme, 'utf8')
const after = fillIn(before, generatedParts())
if (after === before) process.stdout.write('README.md is current\n')
else {
  await writeFile(readme, after)
  process.stdout.write('README.md: generated parts are written anew\n')
}
