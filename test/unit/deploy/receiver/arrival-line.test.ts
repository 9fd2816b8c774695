import { expect, test } from 'vitest'
import type { ReceivedRequest } from '../../../../deploy/receiver/arrival.ts'
import { arrivalLines } from '../../../../deploy/receiver/arrival-line.ts'

const parties = { chatPlatform: 'whatsapp', chatChannelId: 'c', contactId: '5491155550143' }
const said = { _id_: 'm', date: '', fromName: 'Ana', from: 'user' as const }

function linesOf(notification: ReceivedRequest['notification'], changes: Partial<ReceivedRequest> = {}): string[] {
  const arrival: ReceivedRequest = {
    path: '/',
    webhookId: 'w',
    attempt: 1,
    headers: {},
    body: Buffer.from('<html>'),
    bodyHash: '',
    notification,
    signature: 'valid',
    arrivedAtMs: 0,
    ...changes,
  }
  return arrivalLines(arrival).map((line) => line.replace(/^\d\d:\d\d:\d\d /, ''))
}

test.each<{
  what: string
  notification: ReceivedRequest['notification']
  changes?: Partial<ReceivedRequest>
  lines: string[]
}>([
  {
    what: 'messages and variables',
    notification: {
      ...parties,
      type: 'message',
      messages: [
        { ...said, message: 'Hola' },
        { ...said, from: 'bot', fromName: 'Bot', message: 'Sí', isButton: true, image: 'https://x' },
      ],
      variables: { day: 'lunes' },
    },
    lines: [
      '✔ WhatsApp  5491155550143  Ana  "Hola"  [user]',
      '✔ WhatsApp  5491155550143  Bot  "Sí" (button) (image)  [bot]',
      '✔ WhatsApp  5491155550143  variables: day = lunes',
    ],
  },
  {
    what: 'a status, tried again',
    notification: { ...parties, type: 'status', messageId: 'm-1', status: 'read', clientPayload: 'order-7' },
    changes: { attempt: 2 },
    lines: ['✔ WhatsApp  5491155550143  read: message m-1, client payload order-7  (attempt 2)'],
  },
  {
    what: 'a wrong signature and control characters',
    notification: { ...parties, type: 'message', messages: [{ ...said, message: 'a\u001b[31mb\nc' }] },
    changes: { signature: 'invalid' },
    lines: ['✘ WhatsApp  5491155550143  Ana  "a [31mb c"  [user]  (signature invalid)'],
  },
  { what: 'something else', notification: null, lines: ['✔ not JSON: <html>'] },
])('an arrival is printed on one line: $what', ({ notification, changes, lines }) => {
  expect(linesOf(notification, changes)).toEqual(lines)
})
