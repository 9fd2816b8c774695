import type { Admin } from 'kafkajs'
import { createTopics } from '../../services/platform/kafka/topics.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'

/** Deletes a topic and makes it anew under its name, with as many partitions and the same settings of its own. */
export async function remakeTopic(admin: Admin, topic: string): Promise<void> {
  const [{ topics }, { resources }] = await Promise.all([
    admin.fetchTopicMetadata({ topics: [topic] }),
    // 2 is a topic (kafkajs' ConfigResourceTypes).
    admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name: topic }] }),
  ])
  // 1 is what was set for this topic alone.
  const own = (resources[0]?.configEntries ?? []).filter(({ configSource }) => (configSource as number) === 1)
  const configEntries = own.map(({ configName, configValue }) => ({ name: configName, value: configValue }))
  await admin.deleteTopics({ topics: [topic] })
  while ((await admin.listTopics()).includes(topic)) await systemClock.sleep(50)
  await createTopics(admin, [{ topic, numPartitions: topics[0]?.partitions.length ?? 1, configEntries }], systemClock)
}
