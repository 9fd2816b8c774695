import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { announce } from '../../../../../deploy/local/stack/stack-address.ts'

const address = { brokers: 'b:1,b:2', schemaRegistryUrl: 's', adminUrl: 'a', producerUrl: 'p', token: 'first' }
let folder = ''
let file = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-test-'))
  file = join(folder, 'new', 'local.json')
})

afterEach(() => rm(folder, { recursive: true, force: true }))

test("the file with the stack's address is readable by its owner only, and removed at the end", async () => {
  const announcement = await announce(address, file)
  const { mode } = await stat(file)
  const text = await readFile(file, 'utf8')
  await announcement[Symbol.asyncDispose]()

  expect(mode & 0o777).toBe(0o600)
  expect(JSON.parse(text)).toEqual(address)
  await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('the address file of another stack is not removed', async () => {
  const first = await announce(address, file)
  await announce({ ...address, token: 'second' }, file)
  await first[Symbol.asyncDispose]()

  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ token: 'second' })
})
