import { randomUUID } from 'node:crypto'
import { expect, inject, test } from 'vitest'
import { createTopics } from '../../services/platform/kafka/topics.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { openKafka } from '../support/topic-reader.ts'

const registryUrl = inject('schemaRegistryUrl')

test('the local broker answers and creates a topic', async () => {
  const kafka = openKafka(inject('brokers'))
  const admin = kafka.admin()
  await admin.connect()
  try {
    const cluster = await admin.describeCluster()
    const topic = `local-platform-test-${randomUUID()}`
    await createTopics(admin, [{ topic, numPartitions: 3 }], systemClock)
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
    await admin.deleteTopics({ topics: [topic] })

    expect(cluster.brokers.length).toBeGreaterThan(0)
    expect(topics[0]?.partitions).toHaveLength(3)
  } finally {
    await admin.disconnect()
  }
})

test.each([
  { change: 'an added field with a default', added: [{ name: 'note', type: 'string', default: '' }], status: 200 },
  { change: 'an added field without a default', added: [{ name: 'note', type: 'string' }], status: 409 },
])('the local registry answers $change with $status under FULL_TRANSITIVE', async ({ added, status }) => {
  const subject = `local-platform-test-${randomUUID()}-value`
  const id = { name: 'id', type: 'string' }

  const first = await register(subject, [id])
  const configured = await call('PUT', `/config/${subject}`, { compatibility: 'FULL_TRANSITIVE' })
  const second = await register(subject, [id, ...added])

  expect([first, configured, second]).toEqual([200, 200, status])
})

async function register(subject: string, fields: object[]): Promise<number> {
  const schema = { type: 'record', name: 'Sample', namespace: 'hookline.test', fields }
  return call('POST', `/subjects/${subject}/versions`, { schema: JSON.stringify(schema) })
}

async function call(method: string, path: string, body: object): Promise<number> {
  const response = await fetch(`${registryUrl}${path}`, {
    method,
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify(body),
  })
  await response.body?.cancel()
  return response.status
}
