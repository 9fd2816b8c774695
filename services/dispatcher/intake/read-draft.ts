import { definitionParser } from '../../config-topics/config-tables.ts'
import type { WebhookDefinition } from '../../domain/definition/definition.ts'

const parse = definitionParser()

/**
 * Parses the definition of a test notification that is sent before it is saved.
 * @param draft JSON.
 * @returns undefined when it is not a definition.
 */
export function readDraft(draft: string): WebhookDefinition | undefined {
  const read = parse({ value: Buffer.from(draft), timestampMs: 0 })
  return read.kind === 'definition' ? read.definition : undefined
}
