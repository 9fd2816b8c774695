import type { Program } from '../../../services/topics/rights.ts'
import { type GrantedRight, spoil } from './acl-bindings.ts'
import type { ToolCommand } from './one-right-less.ts'

export const toolNames = ['topics', 'stats-rebuild', 'tail'] as const satisfies Program[]
export type ToolName = (typeof toolNames)[number]

/** Prefix of topics that may be deleted and changed; no service uses them. */
export const spoiledPrefix = 'spoiled-'

export type ToolUses = {
  /** Prefix of the topics that the tool is used with. */
  prefixOf(tool: ToolName): string
  /** A use of a tool in which it needs the right. */
  commandFor(right: GrantedRight): Promise<ToolCommand>
}

/** @param prefix of the topics that services use. */
export function toolUses(brokers: string[], signIn: (program: Program) => NodeJS.ProcessEnv, prefix: string): ToolUses {
  // Generation 2 is another test's.
  let generation = 2
  const prefixOf = (tool: ToolName) => (tool === 'topics' ? spoiledPrefix : prefix)
  return {
    prefixOf,
    async commandFor({ program, resource, name, operation }) {
      const env = { ...signIn(program), HOOKLINE_TOPIC_PREFIX: prefixOf(program as ToolName) }
      switch (program as ToolName) {
        case 'tail': {
          const topic = resource === 'topic' ? name.slice(prefix.length) : 'webhook-config'
          return { args: ['services/cli/webhooks.ts', 'tail', topic, '--from', 'beginning'], env }
        }
        case 'stats-rebuild': {
          const command = 'services/stats-aggregator/rebuild/command.ts'
          return { args: [command, 'rebuild', '--generation', String(++generation)], env }
        }
        case 'topics':
          await spoil(brokers, name, operation === 'Create' ? 'delete' : 'change')
          return { args: ['services/topics/command.ts', 'apply'], env }
      }
    },
  }
}
