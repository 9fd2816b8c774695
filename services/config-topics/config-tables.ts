import type { Account, WebhookDefinition } from '../domain/definition/definition.ts'
import { definitionProblems, definitionWarnings } from '../domain/definition/definition-rules.ts'
import { type DefinitionChange, DefinitionTable } from '../domain/definition/definition-table.ts'
import { shapeProblem } from '../domain/definition/json-shape.ts'
import { recordTimeMs } from '../domain/definition/record-time.ts'
import { type Checked, compileSchema, type Problem } from '../platform/json/json-schema.ts'
import type { KafkaAccess, OpenTable } from '../platform/kafka/access/kafka-access.ts'
import type { ConsumedRecord } from '../platform/kafka/consumer.ts'
import type { ReportUnread } from '../platform/kafka/readers/table.ts'
import { isSealed, type KeyRing } from '../platform/keyring.ts'
import { RecordFaults, SetAside } from '../platform/runtime/record-faults.ts'
import type { WaitContext } from '../platform/runtime/retry-until.ts'
import { readSchema } from '../topics/schemas.ts'
import { type Topic, topics } from '../topics/topic-map.ts'
import type { TopicUse } from '../topics/topic-use.ts'
import { decidedOn } from './config-headers.ts'
import { findUnopened } from './stored-secrets.ts'

/** webhook-config and account-config as tables, read alike by formatter, dispatcher and admin. */

type TableAccess = Pick<KafkaAccess, 'openTable'>

export type ConfigTableOptions = {
  use: TopicUse
  fail: (error: unknown) => void
  /**
   * Called after each record has been folded.
   * @param businessId business of the definition in force, if there is one. @param holds false if another change came
   * first.
   */
  onChange?: (id: string, record: ConsumedRecord, businessId: string | undefined, holds: boolean) => void
}

export type Definitions = { table: DefinitionTable; topic: OpenTable }

/**
 * Resolves once the topic has been read to its end.
 * @param options.keys keys of this service, if it has any. Then sealed values that no key opens are reported too.
 */
export async function openDefinitions(
  kafka: TableAccess,
  options: ConfigTableOptions & { keys?: KeyRing },
  context: WaitContext,
): Promise<Definitions> {
  const table = new DefinitionTable()
  const parse = definitionParser(options.keys)
  const faults = new RecordFaults({ ...context, fail: options.fail })
  const topic = await openConfigTopic(kafka, topics.webhookConfig, options, context, (id, record) => {
    const read = faults.guard(
      record,
      'reading a definition',
      () => id,
      () => parse(record),
    )
    const effect = table.apply(id, record.offset, read instanceof SetAside ? unhandled : read, decidedOn(record))
    options.onChange?.(id, record, table.get(id)?.definition.businessId, effect !== 'overtaken')
    if (effect === 'overtaken') return
    const problems = table.fault(id)?.problems
    if (problems === undefined) return
    const what = effect === 'refused' ? 'definition not in force' : 'definition in force, but with problems'
    context.log.warn({ webhookId: id.slice(0, maxLoggedId), offset: record.offset, problems }, what)
  })
  return { table, topic }
}

/** Change that replaces a record whose reading throws; the error is logged with the record's position. */
const unhandled: DefinitionChange = { kind: 'invalid', problems: ['cannot be handled: see the log for the reason'] }
/** Maximum characters of an id in the log. A key written by hand may be as long as a record. */
const maxLoggedId = 256

export type Accounts = {
  get(businessId: string): Account | undefined
  ids(): Iterable<string>
  topic: OpenTable
}

/** Resolves once the topic has been read to its end. An invalid record leaves the last valid one in force. */
export async function openAccounts(
  kafka: TableAccess,
  options: ConfigTableOptions,
  context: WaitContext,
): Promise<Accounts> {
  const accounts = new Map<string, Account>()
  const parse = accountParser()
  const topic = await openConfigTopic(kafka, topics.accountConfig, options, context, (id, record, unread) => {
    const change = parse(record)
    if (change.kind === 'deleted') accounts.delete(id)
    else if (change.kind === 'account') accounts.set(id, change.account)
    else unread(change.problems.map(({ field, message }) => `${field} ${message}`.trim()).join('; '))
    options.onChange?.(id, record, id, true)
  })
  return { get: (businessId) => accounts.get(businessId), ids: () => accounts.keys(), topic }
}

function openConfigTopic(
  kafka: TableAccess,
  topic: (typeof topics)['webhookConfig' | 'accountConfig'],
  { use, fail }: ConfigTableOptions,
  context: WaitContext,
  fold: (id: string, record: ConsumedRecord, unread: ReportUnread) => void,
): Promise<OpenTable> {
  const options = {
    topic: use.read(topic),
    fail,
    onRecord: (record: ConsumedRecord, unread: ReportUnread) => {
      const id = record.key?.toString('utf8')
      if (id === undefined) return unread('has no key')
      fold(id, record, unread)
    },
  }
  return kafka.openTable(options, context)
}

/** Maximum characters of one problem. It may name a field, which a record written by hand may make arbitrarily long. */
const maxProblem = 300

/**
 * Reads a record of webhook-config and fills in what an operator may leave out. It accepts any bytes and reports their
 * problems, but never quotes a value.
 */
export function definitionParser(
  keys?: KeyRing,
): (record: Pick<ConsumedRecord, 'value' | 'timestampMs'>) => DefinitionChange {
  const check = compileOnce<WebhookDefinition>(topics.webhookConfig)
  return ({ value, timestampMs }) => {
    if (value === null) return { kind: 'deleted' }
    const parsed = parseJson(value)
    const checked = parsed.ok ? check(parsed.value) : parsed
    if (!checked.ok) {
      const problems = checked.problems.map(({ field, message }) => `${field} ${message}`.trim().slice(0, maxProblem))
      return { kind: 'invalid', problems, ...(parsed.ok && { businessId: businessIn(parsed.value) }) }
    }
    const written = new Date(recordTimeMs(timestampMs)).toISOString()
    const { createdAt = written, updatedAt = written } = checked.value
    return judge({ ...checked.value, createdAt, updatedAt }, keys)
  }
}

function judge(definition: WebhookDefinition, keys: KeyRing | undefined): DefinitionChange {
  const { businessId } = definition
  const problems = definitionProblems(definition, isSealed)
  if (problems.length > 0) return { kind: 'invalid', problems, businessId }
  const { keyMissing, altered } = keys ? findUnopened(definition, keys) : { keyMissing: [], altered: [] }
  if (altered.length > 0) return { kind: 'invalid', problems: altered, businessId, otherwise: definition }
  // A value sealed with a missing key waits for that key; the definition itself is valid.
  const warnings = [...definitionWarnings(definition), ...keyMissing]
  return { kind: 'definition', definition, ...(warnings.length > 0 && { warnings }) }
}

function businessIn(value: unknown): string | undefined {
  const { businessId } = (value ?? {}) as { businessId?: unknown }
  return typeof businessId === 'string' ? businessId : undefined
}

export type AccountChange =
  | { kind: 'account'; account: Account }
  | { kind: 'deleted' }
  | { kind: 'invalid'; problems: Problem[] }

/** Reads a record of account-config. */
export function accountParser(): (record: Pick<ConsumedRecord, 'value'>) => AccountChange {
  const check = compileOnce<Account>(topics.accountConfig)
  return ({ value }) => {
    if (value === null) return { kind: 'deleted' }
    const parsed = parseJson(value)
    const checked = parsed.ok ? check(parsed.value) : parsed
    return checked.ok ? { kind: 'account', account: checked.value } : { kind: 'invalid', problems: checked.problems }
  }
}

const compiled = new Map<Topic, (value: unknown) => Checked<unknown>>()

/** Compiling the schema of webhook-config takes 45 ms, and a service reads definitions in up to three places. */
function compileOnce<T>(topic: Topic): (value: unknown) => Checked<T> {
  const check = compiled.get(topic) ?? compileSchema(readSchema(topic))
  compiled.set(topic, check)
  return check as (value: unknown) => Checked<T>
}

type Parsed = { ok: true; value: unknown } | { ok: false; problems: Problem[] }

function parseJson(bytes: Buffer): Parsed {
  let value: unknown
  try {
    value = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    // The error's message quotes the text, which may contain a secret, so only the position is reported.
    const [place = ''] = /at position \d+( \(line \d+ column \d+\))?$/.exec(String(error)) ?? []
    return { ok: false, problems: [{ field: '', message: `is not JSON ${place}`.trim() }] }
  }
  const problem = shapeProblem(value)
  return problem === null ? { ok: true, value } : { ok: false, problems: [{ field: '', message: problem }] }
}
