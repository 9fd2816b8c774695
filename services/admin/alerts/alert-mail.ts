import { createTransport, type Transporter } from 'nodemailer'
import type { Language } from '../../domain/definition/definition-values.ts'
import { type AlertNotice, alertText } from './alert-texts.ts'

/** Result of sending an alert to an address. `later`: a retry may succeed. */
export type AlertSent = { kind: 'sent' } | { kind: 'refused'; reason: string } | { kind: 'later'; reason: string }

export type SendMail = (notice: AlertNotice, emails: readonly string[], language: Language) => Promise<AlertSent>

const connectTimeoutMs = 5_000
const answerTimeoutMs = 15_000

/**
 * Sends alerts through an SMTP server, in one mail to all addresses. The Message-ID is derived from the alert's id, so
 * that a repeated mail can be recognised.
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
 * Judges a mail that failed. The failure is final if the SMTP server has permanently refused the addresses or the
 * message. Everything else passes or can be fixed: the server cannot be reached, refuses the password or answers 4xx.
 */
export function judgeMailFault(error: unknown): AlertSent {
  const { code, responseCode = 0, message } = error as { code?: string; responseCode?: number; message: string }
  const isFinal = (code === 'EENVELOPE' || code === 'EMESSAGE') && responseCode >= 500
  return { kind: isFinal ? 'refused' : 'later', reason: message }
}
