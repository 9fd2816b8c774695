import type { ReceivedRequest } from './arrival.ts'
import type { Notification } from './notification.ts'

const platformTitles: Record<string, string> = {
  whatsapp: 'WhatsApp',
  webchat: 'Web chat',
  messenger: 'Messenger',
  telegram: 'Telegram',
  twitter: 'Twitter',
}
const textWidth = 70

/** An arrival as text: one line for each message, status and variable change. */
export function arrivalLines(arrival: ReceivedRequest): string[] {
  const { notification, signature, attempt } = arrival
  const time = new Date(arrival.arrivedAtMs).toTimeString().slice(0, 8)
  const mark = signature === 'valid' ? '✔' : '✘'
  const notes = [
    signature === 'valid' ? '' : `  (signature ${signature})`,
    attempt > 1 ? `  (attempt ${attempt})` : '',
  ].join('')
  if (notification === null) return [`${time} ${mark} not JSON: ${plain(arrival.body.toString())}${notes}`]
  const title = platformTitles[notification.chatPlatform] ?? notification.chatPlatform
  const who = `${title.padEnd(9)} ${notification.contactId.padEnd(13)}`
  return contents(notification).map((content) => `${time} ${mark} ${plain(who)}  ${content}${notes}`)
}

function contents(notification: Notification): string[] {
  if (notification.type === 'status') {
    const { messageId, status, clientPayload } = notification
    const payload = clientPayload === undefined ? '' : `, client payload ${plain(clientPayload)}`
    return [`${status}: message ${plain(messageId)}${payload}`]
  }
  const said = notification.messages.map((message) => {
    const parts = [
      message.message === undefined ? '' : `"${plain(message.message)}"`,
      message.isButton || message.button ? '(button)' : '',
      ...(['image', 'audio', 'video', 'file'] as const).map((kind) => (message[kind] === undefined ? '' : `(${kind})`)),
      message.location === undefined ? '' : `(location ${plain(message.location)})`,
    ].filter((part) => part !== '')
    return `${plain(message.fromName ?? '')}  ${parts.join(' ')}  [${plain(message.from)}]`
  })
  const changes = Object.entries(notification.variables ?? {}).map(
    ([name, value]) => `${plain(name)} = ${plain(value)}`,
  )
  return changes.length === 0 ? said : [...said, `variables: ${changes.join(', ')}`]
}

/** Removes control characters from foreign text and shortens it. */
function plain(text: string): string {
  const printable = text.replace(/\p{Cc}+/gu, ' ')
  return printable.length > textWidth ? `${printable.slice(0, textWidth - 1)}…` : printable
}
