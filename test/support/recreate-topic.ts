import type { Admin } from 'kafkajs'
import { createTopics } from '../../services/platform/kafka/topics.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'

/** Deletes a topic and creates it again with the same name, partitions and settings. */
export async function recreateTopic(admin: Admin, topic: string): Promise<void> {
  const [{ topics }, { resources }] = await Promise.all([
    admin.fetchTopicMetadata({ topics: [topic] }),
    // 2 stands for a topic (kafkajs' ConfigResourceTypes).
    admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name: topic }] }),
  ])
  // 1 stands for a setting of this topic alone.
  const own = (resources[0]?.configEntries ?? []).filter(({ configSource }) => (configSource as number) === 1)
  const configEntries = own.map(({ configName, configValue }) => ({ name: configName, value: configValue }))
  await admin.deleteTopics({ topics: [topic] })
  while ((await admin.listTopics()).includes(topic)) await systemClock.sleep(50)
  await createTopics(admin, [{ topic, numPartitions: topics[0]?.partitions.length ?? 1, configEntries }], systemClock)
}
