import type { CheckedWrites } from '../../config-topics/checked-writes.ts'
import type { Accounts, Definitions } from '../../config-topics/config-tables.ts'
import type { WriteRecord } from '../../config-topics/config-writer.ts'
import type { Account, WebhookDefinition } from '../../domain/definition/definition.ts'
import type { DefinitionTable } from '../../domain/definition/definition-table.ts'
import { subjectHeader } from './record-headers.ts'

/** Definitions in the table. A write resolves once its own record has come back to the table (read-your-writes). */
export type WebhookStore = Pick<
  DefinitionTable,
  'get' | 'entries' | 'findOwner' | 'findConflicts' | 'fault' | 'faults'
> & {
  /** Resolves once the table has everything that any instance wrote before the call. */
  caughtUp(): Promise<void>
  /**
   * Must be called in the turn of the event loop in which the change was decided.
   * @param subject author, for the audit. @throws Overtaken if another change came first.
   */
  put(definition: WebhookDefinition, subject: string): Promise<void>
  /** Deletes, under the conditions of put. */
  remove(id: string, subject: string): Promise<void>
}

export type AccountStore = {
  get(businessId: string): Account | undefined
  ids(): Iterable<string>
  /** Resolves once every account that was written before the call is known. */
  caughtUp(): Promise<void>
  /** @param subject author, for the audit. */
  put(businessId: string, account: Account, subject: string): Promise<void>
}

export function webhookStore({ table, topic }: Definitions, writes: Pick<CheckedWrites, 'write'>): WebhookStore {
  const write = (id: string, value: string | null, subject: string) =>
    writes.write(id, value, table.newestOffset(id), { [subjectHeader]: subject })
  return {
    get: (id) => table.get(id),
    entries: () => table.entries(),
    findOwner: (businessId, channel) => table.findOwner(businessId, channel),
    findConflicts: (id) => table.findConflicts(id),
    fault: (id) => table.fault(id),
    faults: () => table.faults(),
    caughtUp: () => topic.caughtUp(),
    put: (definition, subject) => write(definition.id, JSON.stringify(definition), subject),
    remove: (id, subject) => write(id, null, subject),
  }
}

export function accountStore(accounts: Accounts, write: WriteRecord): AccountStore {
  return {
    get: (businessId) => accounts.get(businessId),
    ids: () => accounts.ids(),
    caughtUp: () => accounts.topic.caughtUp(),
    put: async (businessId, account, subject) =>
      void (await write(businessId, JSON.stringify(account), { [subjectHeader]: subject })),
  }
}
