import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { adminDocument } from '../../deploy/docs/admin-document.ts'
import { notificationTypes } from '../../deploy/docs/notification-types.ts'
import { notificationSchemas } from '../../services/domain/event/notification-schema.ts'
import { compileSchema } from '../../services/platform/json/json-schema.ts'
import { codeBlocks, readDocument } from '../support/documents.ts'

/** Files that receivers build against: types, samples, and `webhooks` in the OpenAPI document. */

const root = fileURLToPath(new URL('../../', import.meta.url))
const packageFolder = join(root, 'schemas/notifications')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const samples = readdirSync(join(packageFolder, 'samples'))

test('every sample equals a golden file, and every golden file has a sample', () => {
  expect(samples).toEqual(readdirSync(join(root, 'test/contract/golden')))
  for (const name of samples)
    expect(read(`schemas/notifications/samples/${name}`)).toBe(read(`test/contract/golden/${name}`))
})

test('the published types are those of the JSON Schemas', () => {
  expect(read('schemas/notifications/index.d.ts')).toBe(notificationTypes(notificationSchemas))
})

describe('webhooks in the OpenAPI document', () => {
  type Webhook = {
    post: {
      parameters: { name: string }[]
      requestBody: { content: { 'application/json': { schema: object; examples: Record<string, { value: object }> } } }
    }
  }

  test('the document has both notifications with their headers, and every sample is valid by its schema', async () => {
    const { openapi, webhooks } = (await adminDocument()) as { openapi: string; webhooks: Record<string, Webhook> }
    expect([openapi, Object.keys(webhooks)]).toEqual(['3.1.0', ['message', 'status']])
    const shown: string[] = []
    for (const { post } of Object.values(webhooks)) {
      expect(post.parameters.map(({ name }) => name)).toContain('webhook-signature')
      const { schema, examples } = post.requestBody.content['application/json']
      const check = compileSchema(schema)
      for (const [name, { value }] of Object.entries(examples)) {
        expect(check(structuredClone(value))).toMatchObject({ ok: true })
        shown.push(`${name}.json`)
      }
    }
    expect(shown.sort()).toEqual([...samples].sort())
  })
})

test('a receiver installs the package and compiles against it; a key that does not exist is an error', {
  timeout: 60_000,
}, () => {
  const folder = mkdtempSync(join(tmpdir(), 'hookline-receiver-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const run = (command: string, ...args: string[]) =>
    spawnSync(command, args, {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, npm_config_update_notifier: 'false' },
    })
  const packed = run('npm', 'pack', packageFolder, '--json', '--offline')
  expect(packed.stderr + packed.stdout).toContain('"filename"')
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const installed = run('npm', 'install', `./${tarball}`, '--offline', '--no-audit', '--no-fund')
  expect(installed.status, installed.stderr).toBe(0)
  const [example = ''] = codeBlocks(readDocument('schemas/notifications/README.md'), 'ts')
  const options = {
    module: 'nodenext',
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: [],
    resolveJsonModule: true,
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['receiver.ts'] }))
  const compile = (text: string) => {
    writeFileSync(join(folder, 'receiver.ts'), text)
    return run(process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '-p', '.')
  }
  const sample = "import sample from '@hookline/notifications/samples/status-read-webchat.json' with { type: 'json' }\n"
  const right = compile(`${sample}${example}\nexport const id: string = sample.messageId\n`)
  expect(right.stdout).toBe('')
  const wrong = compile(`${example}\nexport const wrong = (one: Notification) => one.nothing\n`)
  expect(wrong.stdout).toContain("Property 'nothing' does not exist")
})
