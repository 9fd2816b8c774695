import { topicName } from '../../../services/topics/schemas.ts'
import { topics } from '../../../services/topics/topic-map.ts'
import type { Platform } from '../platform/platform.ts'
import { type Stack, serviceNames } from '../stack/stack.ts'

const topicsInALine = 4

/** Instructions for the user of a running stack. @param businessId of the demo, if there is one. */
export function guideLines(platform: Platform, stack: Stack, businessId = 'BUSINESS'): string[] {
  const names = Object.values(topics).map((topic) => topicName(topic, stack.topicPrefix))
  const logs = [platform.logDirectory, stack.logDirectory].filter((path) => path !== undefined)
  const webhooksUrl = `${stack.service('admin').url}/api/v1/businesses/${businessId}/webhooks`
  return [
    '',
    'Hookline is running. Where to look:',
    ...titled('Kafka', [platform.brokers.join(',')]),
    ...titled('schema registry', [platform.schemaRegistryUrl]),
    ...titled('topics', inLines(names)),
    ...serviceNames.flatMap((name) => titled(name, [stack.service(name).url])),
    ...titled('', ['all serve /readyz and /metrics; admin and producer also serve /openapi.json']),
    ...titled('a token', [
      'in .hookline/local.json, together with these addresses; for example:',
      `TOKEN=$(node -p "require('./.hookline/local.json').token")`,
      `curl -H "authorization: Bearer $TOKEN" ${webhooksUrl}`,
    ]),
    ...titled('logs', logs),
    'Press Ctrl-C to stop.',
    '',
  ]
}

function titled(title: string, lines: string[]): string[] {
  return lines.map((line, index) => `  ${(index === 0 ? title : '').padEnd(17)} ${line}`)
}

function inLines(names: string[]): string[] {
  const count = Math.ceil(names.length / topicsInALine)
  return Array.from({ length: count }, (_, line) =>
    names.slice(line * topicsInALine, (line + 1) * topicsInALine).join(', '),
  )
}
