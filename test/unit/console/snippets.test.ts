import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test, vi } from 'vitest'
import { findFreePorts } from '../../../deploy/local/process/ports.ts'
import { snippets } from '../../../services/console/src/parts/requests/snippets.ts'
import { secretKey, signatureHeader } from '../../../services/dispatcher/http/signature.ts'
import { lackOf, python } from '../../support/python.ts'

/** The console's snippets, run where their language is installed. Go, PHP and Ruby are not run. */

const folder = mkdtempSync(join(tmpdir(), 'hookline-snippets-'))
symlinkSync(fileURLToPath(new URL('../../../node_modules', import.meta.url)), join(folder, 'node_modules'))
afterAll(() => rmSync(folder, { recursive: true }))

const secret = `whsec_${randomBytes(32).toString('base64')}`
const opened = secretKey(secret)
if (!opened.ok) throw new Error(opened.reason)
const id = 'dlv_1'
const timestampSeconds = Math.floor(Date.now() / 1_000)
const body = Buffer.from('{"v":"1.1","messages":[{"message":"¿Está abierto?"}]}')
const signature = signatureHeader([opened.key], id, timestampSeconds, body)
const headers = {
  'webhook-id': id,
  'webhook-timestamp': String(timestampSeconds),
  'webhook-signature': signature,
}
const env = { ...process.env, WEBHOOK_SECRET: secret }

const codeOf = (language: string) => snippets.find((one) => one.language === language)?.code ?? ''

async function statuses(url: string): Promise<number[]> {
  const post = async (sent: Buffer) =>
    (await fetch(url, { method: 'POST', headers, body: new Uint8Array(sent) })).status
  return [await post(body), await post(Buffer.from(body.toString().replace('abierto', 'cerrado')))]
}

async function serve(command: string, args: string[], port: number, work: () => Promise<void>): Promise<void> {
  const child = spawn(command, args, { cwd: folder, env, stdio: 'ignore' })
  try {
    await vi.waitFor(() => fetch(`http://127.0.0.1:${port}/`), { timeout: 30_000 })
    await work()
  } finally {
    const ended = once(child, 'exit')
    child.kill()
    if (child.exitCode === null) await ended
  }
}

test('the JavaScript snippet accepts what is signed and refuses what was changed', async () => {
  const [port = 0] = await findFreePorts(1)
  writeFileSync(join(folder, 'hook.mjs'), codeOf('JavaScript').replace('listen(9000)', `listen(${port})`))
  await serve(process.execPath, ['hook.mjs'], port, async () => {
    expect(await statuses(`http://127.0.0.1:${port}/hook`)).toEqual([204, 401])
  })
})

const missing = lackOf('flask', 'standardwebhooks')
if (missing !== null) process.stderr.write(`the Python snippet is not run: ${missing}\n`)

test.skipIf(missing !== null)('the Python snippet accepts what is signed and refuses what was changed', async () => {
  const [port = 0] = await findFreePorts(1)
  writeFileSync(join(folder, 'hook.py'), codeOf('Python'))
  const args = ['-m', 'flask', '--app', 'hook', 'run', '--port', String(port)]
  await serve(python, args, port, async () => {
    expect(await statuses(`http://127.0.0.1:${port}/hook`)).toEqual([204, 401])
  })
})

const hasTools = spawnSync('sh', ['-c', 'command -v openssl && command -v xxd && command -v base64']).status === 0
if (!hasTools) process.stderr.write('the Shell snippet is not run: it needs openssl, xxd and base64\n')

test.skipIf(!hasTools)('the shell snippet prints the signature of the request', () => {
  writeFileSync(join(folder, 'body.json'), body)
  const variables = { ...env, webhook_id: id, webhook_timestamp: String(timestampSeconds) }
  const ran = spawnSync('sh', ['-c', codeOf('Shell')], { cwd: folder, env: variables, encoding: 'utf8' })
  expect(`v1,${ran.stdout.trim()}`, ran.stderr).toBe(signature)
})
