/** Events as a client sends them, with the minimum that is accepted. */

export function rawMessageEvent(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    type: 'message',
    eventId: 'event-1',
    businessId: 'business-1',
    chatPlatform: 'webchat',
    chatChannelId: 'channel-1',
    contactId: 'contact-1',
    chatIdInChatPlatform: 'chat-1',
    customerId: 'customer-1',
    customerCreationTime: '2024-05-01T10:00:00Z',
    sessionCreationTime: '2024-05-01T10:00:00.250+02:00',
    messages: [rawMessage()],
    ...changes,
  }
}

export function rawMessage(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return { id: 'message-1', date: '2024-05-01T10:00:01Z', from: 'user', message: 'hola', ...changes }
}

export function rawStatusEvent(changes: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    type: 'status',
    eventId: 'event-2',
    businessId: 'business-1',
    chatPlatform: 'whatsapp',
    chatChannelId: 'channel-1',
    contactId: '34600000000',
    whatsappNumber: '34900000000',
    customerId: 'customer-1',
    status: 'delivered',
    statusChangeTime: '2024-05-01T10:00:02Z',
    messageId: 'message-1',
    ...changes,
  }
}

/** The record without one of its fields. */
export function without(record: Record<string, unknown>, field: string): Record<string, unknown> {
  const { [field]: _dropped, ...rest } = record
  return rest
}
