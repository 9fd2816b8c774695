import { type ChildProcess, spawn } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Webhook } from 'standardwebhooks'
import { describe, expect, onTestFinished, test } from 'vitest'
import { findFreePorts } from '../../deploy/local/process/ports.ts'
import { profiles } from '../../services/dispatcher/engine/gate/retry.ts'
import { notificationSchemas } from '../../services/domain/event/notification-schema.ts'
import { compileSchema } from '../../services/platform/json/json-schema.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { codeBlocks, readDocument } from '../support/documents.ts'
import { lackOf, python } from '../support/python.ts'

/** docs/receiving.md and its translations: their endpoints are started and get notifications. */

const root = fileURLToPath(new URL('../../', import.meta.url))
const guide = readDocument('docs/receiving.md')
const translations = ['docs/receiving.es.md', 'docs/receiving.pt.md']
/** Go compiles its standard library first, which takes a minute on a busy machine. */
const startTimeoutMs = 300_000

const lackOfPython = lackOf('standardwebhooks')
if (lackOfPython !== null)
  process.stdout.write(`the Python endpoint of docs/receiving.md is not run: ${lackOfPython}\n`)
const lackOfGo = process.env.HOOKLINE_TEST_GO === undefined ? 'set HOOKLINE_TEST_GO=go to download its library' : null
if (lackOfGo !== null) process.stdout.write(`the Go endpoint of docs/receiving.md is not run: ${lackOfGo}\n`)

type Endpoint = {
  language: string
  lack: string | null
  start: (file: (name: string, text: string) => string) => string[]
}

const endpoints: Endpoint[] = [
  // The JavaScript endpoint finds this repository's packages, of which standardwebhooks is one.
  { language: 'js', lack: null, start: () => ['node', '--input-type=module', '--eval', sample('js')] },
  { language: 'python', lack: lackOfPython, start: () => [python, '-c', sample('python')] },
  {
    language: 'go',
    lack: lackOfGo,
    start: (file) => [
      'sh',
      '-c',
      `cd "$(dirname "${file('main.go', sample('go'))}")" && ${goSetUp} && exec ./endpoint`,
    ],
  },
]
const go = process.env.HOOKLINE_TEST_GO ?? 'go'
const library = 'github.com/standard-webhooks/standard-webhooks/libraries'
const goSetUp = `{ ${go} mod init endpoint && ${go} get ${library} && ${go} build -o endpoint .; } >&2`

let port = 0

/** The endpoint of the guide, at a free port instead of 9000. */
function sample(language: string): string {
  const [text = ''] = codeBlocks(guide, language)
  expect(text).toContain('9000')
  return text.replace('9000', String(port))
}

function started(endpoint: Endpoint, variables: Record<string, string>): ChildProcess {
  const folder = mkdtempSync(join(tmpdir(), 'hookline-endpoint-'))
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const [command = '', ...args] = endpoint.start(file)
  const env = { ...process.env, ...variables }
  const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'ignore', 'inherit'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  return child
}

async function answered(request: RequestInit, child: ChildProcess): Promise<number> {
  for (;;) {
    try {
      return (await fetch(`http://127.0.0.1:${port}/`, request)).status
    } catch (error) {
      if (child.exitCode !== null) throw error
      await systemClock.sleep(50)
    }
  }
}

describe.each(endpoints)("the guide's endpoint in $language", (endpoint) => {
  test.skipIf(endpoint.lack !== null)(
    "the guide's endpoint accepts a signed notification, and refuses one that was changed",
    { timeout: startTimeoutMs },
    async () => {
      ;[port = 0] = await findFreePorts(1)
      const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
      const child = started(endpoint, { WEBHOOK_SECRET: secret })
      const now = new Date(systemClock.nowMs())
      const body = JSON.stringify({ v: '1.1', type: 'status', contactId: 'José' })
      const headers = {
        'content-type': 'application/json',
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
        'webhook-signature': new Webhook(secret).sign('msg_1', now, body),
      }
      expect(await answered({ method: 'POST', headers, body }, child)).toBe(204)
      expect(await answered({ method: 'POST', headers, body: body.replace('José', 'Jose') }, child)).toBe(401)
    },
  )
})

test("the guide's endpoint without a secret accepts what a public key verifies, and refuses what was changed", {
  timeout: startTimeoutMs,
}, async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const keySet = createHttpServer((_request, response) => {
    response.end(JSON.stringify({ keys: [publicKey.export({ format: 'jwk' })] }))
  }).listen(0)
  onTestFinished(() => void keySet.close())
  await once(keySet, 'listening')
  ;[port = 0] = await findFreePorts(1)
  const [, text = ''] = codeBlocks(guide, 'js')
  const start = () => ['node', '--input-type=module', '--eval', text.replace('9000', String(port))]
  const keysUrl = `http://127.0.0.1:${(keySet.address() as AddressInfo).port}/`
  const child = started({ language: 'js', lack: null, start }, { WEBHOOK_KEYS_URL: keysUrl })
  const seconds = Math.floor(systemClock.nowMs() / 1_000)
  const post = (sentAt: number, body: string) => {
    const signature = sign(null, Buffer.from(`msg_1.${sentAt}.José`), privateKey).toString('base64')
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(sentAt),
      'webhook-signature': `v1,AAAA v1a,${signature}`,
    }
    return answered({ method: 'POST', headers, body }, child)
  }
  expect(await post(seconds, 'José')).toBe(204)
  expect(await post(seconds, 'Jose')).toBe(401)
  expect(await post(seconds - 400, 'José')).toBe(401)
})

test('the notifications in the guide are valid by the published schemas', () => {
  const shown = codeBlocks(guide, 'json').map((text) => JSON.parse(text) as { type: string })
  expect(shown.map(({ type }) => type)).toEqual(['message', 'status'])
  for (const notification of shown) {
    const schema = notificationSchemas[`notification-${notification.type as 'message' | 'status'}-1.1.schema.json`]
    expect(compileSchema(schema)(notification)).toMatchObject({ ok: true })
  }
})

test("the guide's test vector verifies", () => {
  const value = (name: string) => new RegExp(`^\\| ${name} \\| \`(.*)\` \\|$`, 'm').exec(guide)?.[1] ?? ''
  const timestamp = new Date(Number(value('`webhook-timestamp`')) * 1_000)
  const signature = new Webhook(value('secret')).sign(value('`webhook-id`'), timestamp, value('body'))
  expect(signature).toBe(value('`webhook-signature`'))
})

test.each(translations)('the translation %s has the same code, requests and links', (path) => {
  const translation = readDocument(path)
  for (const language of ['js', 'python', 'go', 'json'])
    expect(codeBlocks(translation, language), language).toEqual(codeBlocks(guide, language))
  const outside = (text: string) => [...text.matchAll(/\]\(((?!#|receiving)[^)]+)\)/g)].map(([, link]) => link)
  expect(outside(translation)).toEqual(outside(guide))
  const headings = (text: string) => [...text.matchAll(/^#+ /gm)].length
  expect(headings(translation)).toBe(headings(guide))
})

test('the guide names the attempts of each retry profile as the code has them', () => {
  const rows = [...guide.matchAll(/^\| `(none|chat|extended)`.*\| (\d+) \|$/gm)]
  expect(rows.map(([, name, attempts]) => [name, Number(attempts)])).toEqual(
    Object.entries(profiles).map(([name, steps]) => [name, steps.length + 1]),
  )
})
