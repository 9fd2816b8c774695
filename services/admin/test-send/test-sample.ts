import type { WebhookDefinition } from '../../domain/definition/definition.ts'
import type { NotificationKind } from '../../domain/delivery/delivery.ts'

export type SampleIds = { chatChannelId: string; contactId: string; businessId: string; messageId: string }

/** Kind of notification that the webhook receives; message if it receives both. */
export function sampleKind({ events }: WebhookDefinition): NotificationKind {
  const { userMessages, botMessages, operatorMessages, variableChanges, deliveredStatus, readStatus } = events
  const isForMessages = userMessages || botMessages || operatorMessages || variableChanges
  return !isForMessages && (deliveredStatus || readStatus) ? 'status' : 'message'
}

/**
 * Body of a sample notification, version 1.1 (contract.md, section 2), with the events that the webhook receives. The keys
 * are in the order written here.
 */
export function sampleBody(
  kind: NotificationKind,
  wanted: WebhookDefinition['events'],
  ids: SampleIds,
  nowMs: number,
): Buffer {
  const body = kind === 'message' ? sampleMessage(wanted, ids, nowMs) : sampleStatus(wanted, ids, nowMs)
  return Buffer.from(JSON.stringify(body))
}

function sampleMessage(wanted: WebhookDefinition['events'], ids: SampleIds, nowMs: number): object {
  const date = new Date(nowMs).toISOString()
  const messages = [
    wanted.userMessages && {
      _id_: `${ids.messageId}-user`,
      date,
      message: 'This is a test notification.',
      fromName: 'Test User',
      from: 'user',
      fromCustomer: true,
    },
    wanted.botMessages && {
      _id_: `${ids.messageId}-bot`,
      date,
      message: 'This is the answer of the bot.',
      fromName: 'Bot',
      from: 'bot',
    },
    wanted.operatorMessages && {
      _id_: `${ids.messageId}-operator`,
      date,
      message: 'This is the answer of an operator.',
      fromName: 'Test Operator',
      from: 'operator',
      operatorId: 'test-operator',
      operatorName: 'Test Operator',
      operatorEmail: 'operator@example.com',
      operatorRole: 'OPERATOR',
    },
  ]
  return {
    v: '1.1',
    type: 'message',
    chatPlatform: 'webchat',
    contactId: ids.contactId,
    chatIdInChatPlatform: ids.contactId,
    chatChannelId: ids.chatChannelId,
    customerId: ids.contactId,
    firstName: 'Test',
    lastName: 'User',
    customerCreationTime: date,
    sessionCreationTime: date,
    messages: messages.filter((message) => message !== false),
    variables: wanted.variableChanges ? { test: 'value' } : undefined,
  }
}

function sampleStatus(wanted: WebhookDefinition['events'], ids: SampleIds, nowMs: number): object {
  return {
    v: '1.1',
    type: 'status',
    businessId: ids.businessId,
    contactId: ids.contactId,
    chatChannelId: ids.chatChannelId,
    chatPlatform: 'webchat',
    customerId: ids.contactId,
    status: wanted.readStatus && !wanted.deliveredStatus ? 'read' : 'delivered',
    statusChangeTime: new Date(nowMs).toISOString(),
    messageId: `${ids.messageId}-bot`,
    clientPayload: 'test',
  }
}
