import avsc from 'avsc'
import type { Tap } from './avro-lists.ts'

/*
 * avsc 5.7.9 refuses a writer's schema as a whole where some of its records could not be read. Avro (1.12, "Schema
 * Resolution") signals an error for such a record only: a writer may have a nullable field that is never null, or one more
 * symbol in an enum. Here, reading goes branch by branch and symbol by symbol.
 */

/**
 * Option of a resolver that reads this way. Others are unaffected: the registry's compatibility rule is another matter.
 */
export const readsBranches = Symbol('branch by branch')

export type ResolverOptions = { ignoreNamespaces: boolean; [readsBranches]: true }

type Reading = { _readerType: avsc.Type; _read(tap: Tap): unknown }
type CreateResolver = (this: avsc.Type, writer: avsc.Type, options?: Partial<ResolverOptions>) => avsc.Resolver

const types = avsc.Type.prototype as unknown as { createResolver: CreateResolver }
const createResolver = types.createResolver

types.createResolver = function (writer, options) {
  const isUnion = writer instanceof avsc.types.UnwrappedUnionType || writer instanceof avsc.types.WrappedUnionType
  if (!isUnion || !options?.[readsBranches]) return createResolver.call(this, writer, options)
  const branches = writer.types.map((branch) => resolveBranch(this, branch, options))
  const [first] = branches
  if (first && branches.every((branch) => branch instanceof Error)) throw first
  const reading: Reading = {
    _readerType: this,
    _read(tap) {
      const index = tap.readLong()
      const branch = branches[index]
      if (branch === undefined) throw new Error(`invalid union index: ${index}`)
      if (branch instanceof Error) throw branch
      return branch._read(tap)
    },
  }
  return reading as unknown as avsc.Resolver
}

/** How the reader resolves one branch of a writer's union, or why it cannot. */
function resolveBranch(reader: avsc.Type, branch: avsc.Type, options: Partial<ResolverOptions>): Reading | Error {
  try {
    return types.createResolver.call(reader, branch, options) as unknown as Reading
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

type EnumResolving = { symbols?: (string | undefined)[]; name?: string | undefined; _read?: unknown }

/** Reads a writer's enum that has more symbols. Only a record with one of them fails. */
export class WideEnum extends avsc.types.EnumType {
  _update(resolver: EnumResolving, writer: avsc.Type): void {
    if (!(writer instanceof avsc.types.EnumType) || !isNamedAlike(this, writer)) return
    const { symbols, default: fallback } = this as unknown as { symbols: string[]; default?: string }
    resolver.name = writer.name
    resolver.symbols = writer.symbols.map((symbol) => (symbols.includes(symbol) ? symbol : fallback))
    resolver._read = (writer as unknown as { _read: unknown })._read
  }
}

/**
 * Whether two names match. Namespaces are ignored (Avro 1.12, "Schema Resolution") and the reader's aliases count
 * ("Aliases").
 */
function isNamedAlike(reader: avsc.Type, writer: avsc.Type): boolean {
  const name = unqualified(writer.name ?? '')
  return [reader.name ?? '', ...(reader.aliases ?? [])].some((alias) => unqualified(alias) === name)
}

function unqualified(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1)
}
