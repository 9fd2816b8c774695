import type { Accounts, Definitions } from '../config-tables.ts'
import type { Account, WebhookDefinition } from '../domain/definition.ts'
import type { DefinitionTable } from '../domain/definition-table.ts'
import type { BatchingProducer } from '../platform/kafka/producer.ts'
import type { TopicTable } from '../platform/kafka/table.ts'
import { topicName } from '../schemas.ts'
import type { topics } from '../topics.ts'
import { subjectHeader } from './record-headers.ts'

/** Reads come from the table; a write resolves once its own record has come back to it (read-your-writes). */
export type WebhookStore = Pick<DefinitionTable, 'get' | 'entries' | 'ownerOf' | 'conflictsOf' | 'fault'> & {
  /** Resolves when all that any instance has written before the call stands in the table. */
  caughtUp(): Promise<void>
  /** @param subject who does it, for the audit. */
  put(definition: WebhookDefinition, subject: string): Promise<void>
  remove(id: string, subject: string): Promise<void>
}

export type AccountStore = {
  get(businessId: string): Account | undefined
  ids(): Iterable<string>
  /** @param subject who does it, for the audit. */
  put(businessId: string, account: Account, subject: string): Promise<void>
}

/** @param value null deletes. */
export type WriteRecord = (
  key: string,
  value: Buffer | string | null,
  headers?: Record<string, string>,
) => Promise<void>

/** Both config topics have one partition: all their records are in one order. */
const partition = 0

export function recordWriter(
  topic: (typeof topics)['webhookConfig' | 'accountConfig'],
  prefix: string,
  producer: BatchingProducer,
  table: TopicTable,
): WriteRecord {
  return async (key, value, headers = {}) => {
    const { offset } = await producer.send({ topic: topicName(topic, prefix), partition, key, value, headers })
    if (offset === null) throw new Error('Kafka acknowledged a record of a chosen partition without its offset')
    await table.reached(partition, offset + 1)
  }
}

export function webhookStore({ table, topic }: Definitions, write: WriteRecord): WebhookStore {
  return {
    get: (id) => table.get(id),
    entries: () => table.entries(),
    ownerOf: (businessId, channel) => table.ownerOf(businessId, channel),
    conflictsOf: (id) => table.conflictsOf(id),
    fault: (id) => table.fault(id),
    caughtUp: () => topic.caughtUp(),
    put: (definition, subject) => write(definition.id, JSON.stringify(definition), { [subjectHeader]: subject }),
    remove: (id, subject) => write(id, null, { [subjectHeader]: subject }),
  }
}

export function accountStore(accounts: Accounts, write: WriteRecord): AccountStore {
  return {
    get: (businessId) => accounts.get(businessId),
    ids: () => accounts.ids(),
    put: (businessId, account, subject) => write(businessId, JSON.stringify(account), { [subjectHeader]: subject }),
  }
}
