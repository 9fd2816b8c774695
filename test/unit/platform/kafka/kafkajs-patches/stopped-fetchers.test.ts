import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { endStoppedFetchers } from '../../../../../services/platform/kafka/kafkajs-patches/broker-loss.ts'

type Runner = { running: boolean; fetch(nodeId: number): Promise<unknown[]> }

const { prototype } = createRequire(import.meta.url)('kafkajs/src/consumer/runner.js') as { prototype: Runner }

test('a fetcher of a consumer that has stopped ends instead of fetching nothing without a pause', async () => {
  endStoppedFetchers()
  const runner = Object.assign(Object.create(prototype) as Runner, { running: false })
  await expect(runner.fetch(1)).rejects.toThrow('the consumer has stopped')
})
