import { expect, test } from 'vitest'
import { topics } from '../../services/topics/map.ts'
import { schemaOf } from '../../services/topics/schemas.ts'

// contract.md, section 4, "Input records, exactly": in its own notation. `?` is a union with null whose default is null,
// `ts` a long of timestamp-millis, `=` a default.

const messageEvent = [
  'eventId string',
  'businessId string',
  'chatPlatform string',
  'chatChannelId string',
  'contactId string',
  'whatsappNumber string?',
  'chatIdInChatPlatform string?',
  'customerId string',
  'firstName string?',
  'lastName string?',
  'customerCreationTime ts',
  'sessionCreationTime ts',
  'messages array of hookline.Message',
  'variables map of string = {}',
]

const message = [
  'id string',
  'date ts',
  'message string?',
  'fromName string?',
  'from hookline.MessageAuthor {bot, user, operator}',
  'isButton boolean = false',
  'image string?',
  'audio string?',
  'video string?',
  'file string?',
  'operatorId string?',
  'operatorName string?',
  'operatorEmail string?',
  'operatorRole string?',
  'queue string?',
  'intentName string?',
  'location string?',
  'caption string?',
  'payload string?',
  'button string?',
  'templateName string?',
]

const statusEvent = [
  'eventId string',
  'businessId string',
  'chatPlatform string',
  'chatChannelId string',
  'contactId string',
  'whatsappNumber string?',
  'customerId string',
  'status hookline.MessageStatus {delivered, read}',
  'statusChangeTime ts',
  'messageId string',
  'clientPayload string?',
]

type Field = { name: string; type: unknown; default?: unknown }
type Named = { type: string; name: string; namespace?: string; fields?: Field[]; symbols?: string[]; items?: Named }

const nameOf = ({ name, namespace = 'hookline' }: Named) => `${namespace}.${name}`

function inContractsWords({ name, type, default: fallback }: Field): string {
  const nullable = JSON.stringify(type) === '["null","string"]' && fallback === null
  if (nullable) return `${name} string?`
  return `${name} ${typeInWords(type)}${fallback === undefined ? '' : ` = ${JSON.stringify(fallback)}`}`
}

function typeInWords(type: unknown): string {
  if (typeof type === 'string') return type
  const { type: kind, logicalType, items, values, symbols } = type as Record<string, unknown>
  if (kind === 'long' && logicalType === 'timestamp-millis') return 'ts'
  if (kind === 'array') return `array of ${nameOf(items as Named)}`
  if (kind === 'map') return `map of ${values}`
  if (kind === 'enum') return `${nameOf(type as Named)} {${(symbols as string[]).join(', ')}}`
  return JSON.stringify(type)
}

function record(schema: object): { name: string; fields: string[]; field: (name: string) => Named } {
  const { fields = [], ...named } = schema as Named
  return {
    name: nameOf(named),
    fields: fields.map(inContractsWords),
    field: (name) => fields.find((field) => field.name === name)?.type as Named,
  }
}

test('the schema of MessageEvent has the documented fields', () => {
  const { name, fields } = record(schemaOf(topics.messageEvents))
  expect([name, fields]).toEqual(['hookline.MessageEvent', messageEvent])
})

test('the schema of Message has the documented fields', () => {
  const { items } = record(schemaOf(topics.messageEvents)).field('messages')
  expect(record(items ?? {})).toMatchObject({ name: 'hookline.Message', fields: message })
})

test('the schema of StatusEvent has the documented fields', () => {
  const { name, fields } = record(schemaOf(topics.statusEvents))
  expect([name, fields]).toEqual(['hookline.StatusEvent', statusEvent])
})
