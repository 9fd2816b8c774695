import { topicName } from '../../services/schemas.ts'
import { topics } from '../../services/topics.ts'
import type { Platform } from './platform.ts'
import { type Stack, serviceNames } from './stack.ts'

/** Where to look in a stack that runs, for people. */
export function guideLines(platform: Platform, stack: Stack): string[] {
  const names = Object.values(topics).map((topic) => topicName(topic, stack.topicPrefix))
  const urls = serviceNames.map((name) => `${name.padEnd(17)} ${stack.service(name).url}`)
  return [
    '',
    'Hookline is running. Where to look:',
    `  Kafka             ${platform.brokers.join(',')}`,
    `  schema registry   ${platform.schemaRegistryUrl}`,
    `  topics            ${names.slice(0, 4).join(', ')},`,
    `                    ${names.slice(4).join(', ')}`,
    ...urls.map((line) => `  ${line}`),
    '                    each with /readyz and /metrics; admin and producer with /openapi.json',
    '  a token           in .hookline/local.json, with these addresses:',
    '                    TOKEN=$(node -p "require(\'./.hookline/local.json\').token")',
    `                    curl -H "authorization: Bearer $TOKEN" ${stack.service('admin').url}/api/v1/businesses/BUSINESS/webhooks`,
    `  logs              ${[platform.logDirectory, stack.logDirectory].filter((path) => path !== undefined).join(', ')}`,
    'Stop it by Ctrl-C.',
    '',
  ]
}
