import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { artifactsAvailable, resolveArtifacts } from '../../deploy/local/artifacts/artifacts.ts'
import { findJava } from '../../deploy/local/platform/java.ts'

/** Kafka's console tools under the names of its distribution, for the PATH of a shell. */
export type KafkaTools = AsyncDisposable & { folder: string }

const classes = {
  'kafka-acls.sh': 'org.apache.kafka.tools.AclCommand',
  'kafka-console-producer.sh': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-console-consumer.sh': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-consumer-groups.sh': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
}

/** @returns why they are not available, as text. */
export async function openKafkaTools(): Promise<KafkaTools | string> {
  const search = await findJava(process.env)
  if (search.kind === 'missing') return search.explanation
  if (!(await artifactsAvailable(process.env))) return 'there is no Maven to get them with'
  const progress = (line: string) => void process.stdout.write(`${line}\n`)
  const { kafkaClassPath } = await resolveArtifacts(process.env, search.java, progress)
  const folder = await mkdtemp(join(tmpdir(), 'hookline-kafka-tools-'))
  for (const [name, main] of Object.entries(classes)) {
    const flags = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC'
    const line = `exec "${search.java.command}" ${flags} -cp "${kafkaClassPath}" ${main} "$@"`
    await writeFile(join(folder, name), `#!/bin/sh\n${line}\n`)
    await chmod(join(folder, name), 0o755)
  }
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) }
}
