import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'

const require = createRequire(import.meta.url)
const files = ['protocol/requests/metadata/index'].map((name) => `kafkajs/src/${name}.js`)
const ofKafkajs = files.map((file) => require(file))

test('loading kafkajs before its patches ends the process instead of losing records', () => {
  const script = "require('kafkajs'); import('./services/platform/kafka/kafkajs-patches/kafkajs.ts')"
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' })
  expect(stderr).toContain('kafkajs was loaded before')
  expect(status).toBe(1)
})

test('kafkajs is loaded with every patch', async () => {
  await import('../../../../../services/platform/kafka/kafkajs-patches/kafkajs.ts')
  for (const [index, file] of files.entries()) expect(require(file), file).not.toBe(ofKafkajs[index])
})
