import { createTransport, type Transporter } from 'nodemailer'
import type { Language } from '../../domain/definition/definition-values.ts'
import { type AlertNotice, alertText } from './alert-texts.ts'

/** How sending an alert to an address ended. `later`: it may succeed if it is tried again. */
export type AlertSent = { kind: 'sent' } | { kind: 'refused'; reason: string } | { kind: 'later'; reason: string }

export type SendMail = (notice: AlertNotice, emails: readonly string[], language: Language) => Promise<AlertSent>

const connectTimeoutMs = 5_000
const answerTimeoutMs = 15_000

/**
 * Sends alerts through an SMTP server, in one mail to all addresses. The Message-ID is made from the alert's id, so that
 * a mail that is sent twice can be recognised.
 * @param url smtp: or smtps:, with user and password.
 * @param from sender's address.
 */
export function mailSender(url: string, from: string): SendMail {
  const transport: Transporter = createTransport({
    url,
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: connectTimeoutMs,
    socketTimeout: answerTimeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const domain = from.slice(from.lastIndexOf('@') + 1)
  return async (notice, emails, language) => {
    const { title, body } = alertText(notice, language)
    try {
      await transport.sendMail({
        from,
        to: emails.map((address) => ({ name: '', address })),
        subject: title,
        text: body,
        messageId: `<${notice.alertId}@${domain}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
      })
      return { kind: 'sent' }
    } catch (error) {
      return judgeMailFault(error)
    }
  }
}

/**
 * An SMTP server that refuses the addresses or the message for good will refuse them again. Everything else passes or is
 * mended: it cannot be reached, it refuses the password, or it answers 4xx.
 */
export function judgeMailFault(error: unknown): AlertSent {
  const { code, responseCode = 0, message } = error as { code?: string; responseCode?: number; message: string }
  const isFinal = (code === 'EENVELOPE' || code === 'EMESSAGE') && responseCode >= 500
  return { kind: isFinal ? 'refused' : 'later', reason: message }
}
