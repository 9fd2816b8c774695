import { exitCodes } from '../exit-codes.ts'
import { CliFailure, usageFailure } from '../failure.ts'
import { type Format, type Rows, show } from '../output/output.ts'
import type { Terminal } from '../terminal.ts'
import { AdminApi, type AdminWebhook } from './admin-api.ts'
import {
  adminConnection,
  type ConnectionFlags,
  type KafkaConnection,
  kafkaConnection,
  namedBusiness,
} from './connection.ts'
import type { LocalAddress } from './local-address.ts'

export type GlobalOptions = ConnectionFlags & { output: Format; tokenFile?: string }

/** Context of a verb: connections and output. Nothing is connected before it is needed. */
export class VerbContext {
  readonly terminal: Terminal
  readonly options: GlobalOptions
  readonly #local: LocalAddress | null

  constructor(terminal: Terminal, options: GlobalOptions, local: LocalAddress | null) {
    this.terminal = terminal
    this.options = options
    this.#local = local
  }

  /** @throws CliFailure when the address or the token is missing. */
  async admin(): Promise<AdminApi> {
    return new AdminApi(await this.#connection())
  }

  kafka(): KafkaConnection {
    return kafkaConnection(this.options, this.terminal.env, this.#local)
  }

  /** @returns undefined if no business is named. */
  async businessIfNamed(): Promise<string | undefined> {
    return namedBusiness(this.options, this.terminal.env, (await this.#connection()).token)
  }

  /** @throws CliFailure if no business is named. */
  async business(): Promise<string> {
    const found = await this.businessIfNamed()
    if (found === undefined) throw usageFailure('no business: set --business or HOOKLINE_BUSINESS')
    return found
  }

  /**
   * Finds a webhook by its id, or by its name if the name is unique. @throws CliFailure if there is none, or several.
   */
  async find(reference: string): Promise<AdminWebhook> {
    const admin = await this.admin()
    const businessId = await this.business()
    try {
      return await admin.get(businessId, reference)
    } catch (error) {
      if (!(error instanceof CliFailure && error.exitCode === exitCodes.notFound)) throw error
    }
    const named = (await admin.list(businessId)).filter(({ name }) => name === reference)
    const [only] = named
    if (only && named.length === 1) return admin.get(businessId, only.id)
    const why = only
      ? `several webhooks have this name, so use an id: ${named.map(({ id }) => id).join(', ')}`
      : 'no such id or name'
    const exitCode = only ? exitCodes.usage : exitCodes.notFound
    throw new CliFailure(exitCode, `${reference} of business ${businessId}: ${why}`)
  }

  show<T>(value: T, toRows: (value: T) => Rows): void {
    show(this.terminal, this.options.output, value, toRows)
  }

  /** Writes a line for people, beside the result that programs read. */
  say(line: string): void {
    this.terminal.err(`${line}\n`)
  }

  async #connection() {
    const { terminal, options } = this
    const { tokenFile, ...flags } = options
    const token = tokenFile === undefined ? undefined : (await read(terminal, tokenFile)).trim()
    return adminConnection({ ...flags, ...(token !== undefined && { token }) }, terminal.env, this.#local)
  }
}

/** @throws CliFailure when the file cannot be read. */
export async function read(terminal: Terminal, path: string): Promise<string> {
  try {
    return await terminal.read(path)
  } catch (error) {
    throw usageFailure(`${path}: ${error instanceof Error ? error.message : error}`)
  }
}
