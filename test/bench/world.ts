import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { startPlatform } from '../../deploy/local/platform/platform.ts'
import { kafkajsFlags } from '../../deploy/local/stack/memory.ts'
import { ensureServices } from '../../deploy/local/tools/service-build.ts'
import type { Encode } from '../../services/platform/avro/codec.ts'
import type { Kafka } from '../../services/platform/kafka/client.ts'
import type { BatchingProducer } from '../../services/platform/kafka/produce/producer.ts'
import { readSchema, subjectName } from '../../services/topics/schemas.ts'
import type { Topic } from '../../services/topics/topic-map.ts'
import { openCodec, openKafka, openProducer } from '../support/topic-reader.ts'

export const partitions = Number(process.env.HOOKLINE_PARTITIONS ?? 12)

/** A platform with topics, a producer to fill them, and services to run on them. */
export type World = {
  env: NodeJS.ProcessEnv
  kafka: Kafka
  producer: BatchingProducer
  encoder<T>(topic: Topic, prefix: string): Promise<Encode<T>>
  /** Creates the topics and schemas under its own prefix. */
  applyTopics(prefix: string): void
  /** Starts a script of the project; returns at once. */
  spawnScript(script: string, args: string[], extraEnv?: NodeJS.ProcessEnv, execArgv?: string[]): ChildProcess
} & AsyncDisposable

/** @param ofCluster `host:port` of each broker to use instead of the platform's own. */
export async function openWorld(ofCluster?: string[]): Promise<World> {
  await ensureServices(say)
  const stack = new AsyncDisposableStack()
  const platform = stack.use(await startPlatform({ progress: say }))
  const brokers = ofCluster ?? platform.brokers
  say(machine(platform.description))
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    KAFKA_BROKERS: brokers.join(','),
    SCHEMA_REGISTRY_URL: platform.schemaRegistryUrl,
    HOOKLINE_PARTITIONS: String(partitions),
    HOOKLINE_HTTP_HOST: '127.0.0.1',
    HOOKLINE_HTTP_PORT: '0',
    HOOKLINE_LOG_LEVEL: 'warn',
    HOOKLINE_KEY_RING: `bench=${Buffer.alloc(32, 7).toString('base64')}`,
    HOOKLINE_ALLOW_INSECURE_URLS: 'true',
    HOOKLINE_ALLOWED_ADDRESSES: '127.0.0.0/8',
    NODE_ENV: 'production',
  }
  const kafka = openKafka(brokers)
  const producer = stack.use(await openProducer(kafka))
  const codec = openCodec(platform.schemaRegistryUrl)
  return {
    env,
    kafka,
    producer,
    encoder: (topic, prefix) => codec.encoder(subjectName(topic, prefix), readSchema(topic)),
    applyTopics: (prefix) => {
      execFileSync(process.execPath, [...kafkajsFlags, 'services/topics/command.ts', 'apply'], {
        env: { ...env, HOOKLINE_TOPIC_PREFIX: prefix },
      })
    },
    spawnScript: (script, args, extraEnv = {}, execArgv = []) => {
      const child = spawn(process.execPath, [...execArgv, script, ...args], {
        env: { ...env, ...extraEnv },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      child.stdout.pipe(createWriteStream(`${process.env.HOOKLINE_BENCH_LOG ?? '/dev/null'}`, { flags: 'a' }))
      child.stderr.pipe(process.stderr)
      return child
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** Stops a process as its supervisor would. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function machine(platform: string): string {
  const [cpu] = cpus()
  return `on ${cpus().length} x ${cpu?.model ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}; ${platform}`
}
