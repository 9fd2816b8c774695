import { readFile, writeFile } from 'node:fs/promises'
import { notificationSchemas } from '../../services/domain/notification-schema.ts'
import { generatedParts } from './parts.ts'
import { fillIn } from './sections.ts'

/** npm run docs: makes the generated parts of README.md, and the schemas of notifications, anew. */

const readme = new URL('../../README.md', import.meta.url)
const before = await readFile(readme, 'utf8')
const after = fillIn(before, generatedParts())
if (after === before) process.stdout.write('README.md is current\n')
else {
  await writeFile(readme, after)
  process.stdout.write('README.md: generated parts are written anew\n')
}

for (const [name, schema] of Object.entries(notificationSchemas))
  await writeFile(new URL(`../../schemas/${name}`, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`)
