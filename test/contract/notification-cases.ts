import type { WantedEvents } from '../../services/domain/definition/definition.ts'
import type { Event } from '../../services/domain/event/event.ts'
import { message, messageEvent, statusEvent } from '../support/sample-events.ts'
import { everything, nothing } from '../unit/formatter/samples.ts'

export type NotificationCase = { event: Event; wanted: WantedEvents }

const whatsapp = {
  chatPlatform: 'whatsapp',
  contactId: '5491155550001',
  whatsappNumber: '5491155550000',
  chatIdInChatPlatform: null,
}

const fromOperator = {
  from: 'operator',
  fromName: 'Luz Díaz',
  operatorId: 'op-7',
  operatorName: 'Luz Díaz',
  operatorEmail: 'luz@example.com',
  operatorRole: 'SUPERVISOR',
} as const

/**
 * Name of the file in golden/ -> the event that makes its bytes. Together they cover every row of contract.md's tables.
 */
export const notificationCases: Record<string, NotificationCase> = {
  'webchat-all-authors': {
    wanted: everything,
    event: messageEvent({
      messages: [
        message({ id: 'm1', message: '¿Tienen café? "sí"\n☕ </b>' }),
        message({ id: 'm2', from: 'bot', fromName: null, message: 'Sí', intentName: 'menu' }),
        message({ id: 'm3', ...fromOperator, message: 'Ya voy', queue: 'sales' }),
      ],
      variables: { size: 'grande', order: '{"items":1}', empty: '' },
    }),
  },
  'names-unknown': {
    wanted: everything,
    event: messageEvent({ firstName: null, lastName: null, messages: [message({ fromName: null })] }),
  },
  'whatsapp-location': {
    wanted: everything,
    event: messageEvent({ ...whatsapp, messages: [message({ message: null, location: '-34.588,-58.4306' })] }),
  },
  'whatsapp-image-with-caption': {
    wanted: everything,
    event: messageEvent({
      ...whatsapp,
      messages: [message({ message: null, image: 'https://cdn.example.com/a.jpg?x=1&y=2', caption: 'Mi pedido' })],
    }),
  },
  'whatsapp-template-button': {
    wanted: everything,
    event: messageEvent({
      ...whatsapp,
      messages: [
        message({
          message: 'Confirmar',
          isButton: true,
          payload: 'order:42:confirm',
          button: 'Confirmar',
          templateName: 'order_ready',
        }),
      ],
    }),
  },
  'messenger-audio': {
    wanted: everything,
    event: messageEvent({
      chatPlatform: 'messenger',
      messages: [message({ message: null, audio: 'https://cdn.example.com/a.ogg' })],
    }),
  },
  'telegram-video': {
    wanted: everything,
    event: messageEvent({
      chatPlatform: 'telegram',
      messages: [message({ message: null, video: 'https://cdn.example.com/a.mp4' })],
    }),
  },
  'twitter-file': {
    wanted: everything,
    event: messageEvent({
      chatPlatform: 'twitter',
      messages: [message({ message: 'La factura', file: 'https://cdn.example.com/a.pdf' })],
    }),
  },
  'another-platform': { wanted: everything, event: messageEvent({ chatPlatform: 'carrier-pigeon' }) },
  'only-variables': {
    wanted: { ...nothing, variableChanges: true },
    event: messageEvent({ variables: { city: 'São Paulo' } }),
  },
  'user-messages-only': {
    wanted: { ...nothing, userMessages: true },
    event: messageEvent({
      messages: [message({ id: 'm1' }), message({ id: 'm2', from: 'bot' }), message({ id: 'm3', ...fromOperator })],
      variables: { size: 'L' },
    }),
  },
  'status-delivered-whatsapp-with-payload': {
    wanted: everything,
    event: statusEvent({ clientPayload: '{"campaign":"spring"}' }),
  },
  'status-read-webchat': {
    wanted: everything,
    event: statusEvent({ status: 'read', chatPlatform: 'webchat', contactId: 'u1', whatsappNumber: null }),
  },
}
