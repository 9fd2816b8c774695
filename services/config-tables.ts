import type { Account, WebhookDefinition } from './domain/definition.ts'
import { type DefinitionChange, DefinitionTable } from './domain/definition-table.ts'
import { compileSchema, type Problem } from './platform/json-schema.ts'
import type { Kafka } from './platform/kafka/client.ts'
import type { ConsumedRecord } from './platform/kafka/consumer.ts'
import { TopicTable } from './platform/kafka/table.ts'
import type { WaitContext } from './platform/retry-until.ts'
import { schemaOf, topicName } from './schemas.ts'
import { topics } from './topics.ts'

/** webhook-config and account-config as tables: the same reading in formatter, dispatcher and admin. */

export type ConfigTableOptions = {
  prefix: string
  service: string
  fail: (error: unknown) => void
  /** Called after each record has been folded. @param businessId of what is in force then, if anything is. */
  onChange?: (id: string, record: ConsumedRecord, businessId: string | undefined) => void
}

export type Definitions = { table: DefinitionTable; topic: TopicTable }

/** Resolves when the topic has been read to its end. */
export async function openDefinitions(
  kafka: Kafka,
  options: ConfigTableOptions,
  context: WaitContext,
): Promise<Definitions> {
  const table = new DefinitionTable()
  const parse = definitionParser()
  const topic = await openConfigTopic(kafka, topics.webhookConfig, options, context, (id, record) => {
    const change = parse(record)
    const effect = table.apply(id, record.offset, change)
    options.onChange?.(id, record, table.get(id)?.definition.businessId)
    if (effect !== 'refused') return
    const problems = change.kind === 'invalid' ? change.problems : table.fault(id)?.problems
    context.log.warn({ webhookId: id, offset: record.offset, problems }, 'definition not in force')
  })
  return { table, topic }
}

export type Accounts = {
  get(businessId: string): Account | undefined
  ids(): Iterable<string>
  topic: TopicTable
}

/** Resolves when the topic has been read to its end. An invalid record leaves the last good one in force. */
export async function openAccounts(kafka: Kafka, options: ConfigTableOptions, context: WaitContext): Promise<Accounts> {
  const accounts = new Map<string, Account>()
  const parse = accountParser()
  const topic = await openConfigTopic(kafka, topics.accountConfig, options, context, (id, record) => {
    const change = parse(record)
    if (change.kind === 'deleted') accounts.delete(id)
    else if (change.kind === 'account') accounts.set(id, change.account)
    else
      context.log.warn({ businessId: id, offset: record.offset, problems: change.problems }, 'account record refused')
    options.onChange?.(id, record, id)
  })
  return { get: (businessId) => accounts.get(businessId), ids: () => accounts.keys(), topic }
}

function openConfigTopic(
  kafka: Kafka,
  topic: (typeof topics)['webhookConfig' | 'accountConfig'],
  { prefix, service, fail }: ConfigTableOptions,
  context: WaitContext,
  fold: (id: string, record: ConsumedRecord) => void,
): Promise<TopicTable> {
  const options = {
    topic: topicName(topic, prefix),
    groupPrefix: `${prefix}${service}-${topic.name}`,
    fail,
    onRecord: (record: ConsumedRecord) => {
      const id = record.key?.toString('utf8')
      if (id === undefined)
        return context.log.warn({ topic: record.topic, offset: record.offset }, 'config record without a key')
      fold(id, record)
    },
  }
  return TopicTable.open(kafka, options, context)
}

/** Reads a record of webhook-config; what an operator may leave out is filled in. */
export function definitionParser(): (record: Pick<ConsumedRecord, 'value' | 'timestampMs'>) => DefinitionChange {
  const check = compileSchema<WebhookDefinition>(schemaOf(topics.webhookConfig))
  return ({ value, timestampMs }) => {
    if (value === null) return { kind: 'deleted' }
    const parsed = parseJson(value)
    const checked = parsed.ok ? check(parsed.value) : parsed
    if (!checked.ok) {
      return { kind: 'invalid', problems: checked.problems.map(({ field, message }) => `${field} ${message}`.trim()) }
    }
    const written = new Date(timestampMs).toISOString()
    return {
      kind: 'definition',
      definition: {
        ...checked.value,
        createdAt: checked.value.createdAt ?? written,
        updatedAt: checked.value.updatedAt ?? written,
      },
    }
  }
}

export type AccountChange =
  | { kind: 'account'; account: Account }
  | { kind: 'deleted' }
  | { kind: 'invalid'; problems: Problem[] }

/** Reads a record of account-config. */
export function accountParser(): (record: Pick<ConsumedRecord, 'value'>) => AccountChange {
  const check = compileSchema<Account>(schemaOf(topics.accountConfig))
  return ({ value }) => {
    if (value === null) return { kind: 'deleted' }
    const parsed = parseJson(value)
    const checked = parsed.ok ? check(parsed.value) : parsed
    return checked.ok ? { kind: 'account', account: checked.value } : { kind: 'invalid', problems: checked.problems }
  }
}

type Parsed = { ok: true; value: unknown } | { ok: false; problems: Problem[] }

function parseJson(bytes: Buffer): Parsed {
  try {
    return { ok: true, value: JSON.parse(bytes.toString('utf8')) }
  } catch (error) {
    return {
      ok: false,
      problems: [{ field: '', message: `is not JSON: ${error instanceof Error ? error.message : error}` }],
    }
  }
}
