import { cp, readFile, writeFile } from 'node:fs/promises'
import { configSchemas } from '../../services/domain/definition/definition.ts'
import { notificationSchemas } from '../../services/domain/event/notification-schema.ts'
import { chartFiles } from '../helm/chart-files.ts'
import { adminDocument } from './admin-document.ts'
import { consoleClient } from './console-client.ts'
import { notificationTypes } from './notification-types.ts'
import { generatedParts } from './parts.ts'
import { fillIn } from './sections.ts'

/**
 * npm run docs: writes the generated parts of the documents, the JSON Schemas, what receivers build
 * against, the console's client and files of the chart.
 */

const root = new URL('../../', import.meta.url)

for (const [document, parts] of await generatedParts()) {
  const file = new URL(document, root)
  const before = await readFile(file, 'utf8')
  const after = fillIn(before, parts)
  if (after !== before) await writeFile(file, after)
  process.stdout.write(`${document}: ${after === before ? 'current' : 'updated'}\n`)
}

for (const [name, schema] of Object.entries({ ...notificationSchemas, ...configSchemas }))
  await writeFile(new URL(`schemas/${name}`, root), `${JSON.stringify(schema, null, 2)}\n`)
await writeFile(new URL('schemas/notifications/index.d.ts', root), notificationTypes(notificationSchemas))
await cp(new URL('test/contract/golden', root), new URL('schemas/notifications/samples', root), { recursive: true })
await writeFile(new URL('services/console/src/api/generated.ts', root), consoleClient(await adminDocument()))
for (const [path, text] of chartFiles()) await writeFile(new URL(path, root), text)
