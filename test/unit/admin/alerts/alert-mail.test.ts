import { afterEach, describe, expect, test } from 'vitest'
import { judgeMailFault, mailSender } from '../../../../services/admin/alerts/alert-mail.ts'
import { MailServer } from '../../../support/mail-server.ts'
import { notice } from './alert-notice.ts'

let server: MailServer | undefined
afterEach(async () => {
  await server?.[Symbol.asyncDispose]()
})

const send = async (refuse?: (recipient: string) => number | null) => {
  server = await MailServer.open(refuse)
  return mailSender(server.url, 'hookline@hooks.example')(notice(), ['a@shop.example', 'b@shop.example'], 'es')
}

describe('mails', () => {
  test('an alert arrives as one mail with all recipients, and a Message-ID made from its id', async () => {
    expect(await send()).toEqual({ kind: 'sent' })
    expect(server?.mails).toHaveLength(1)
    const [mail] = server?.mails ?? []
    expect(mail).toMatchObject({ from: 'hookline@hooks.example', to: ['a@shop.example', 'b@shop.example'] })
    expect(mail?.messageId).toBe('<alert_1@hooks.example>')
    expect(mail?.subject).toBe('Orders: las solicitudes fallan')
    expect(mail?.text).toContain('HTTP 503')
  })

  test.each([
    { code: 550, result: 'refused' },
    { code: 451, result: 'later' },
  ])('recipients that are refused with $code make a mail $result', async ({ code, result }) => {
    expect((await send(() => code)).kind).toBe(result)
  })

  test('a mail is sent when one of its recipients is refused', async () => {
    expect(await send((recipient) => (recipient.startsWith('a@') ? 550 : null))).toEqual({ kind: 'sent' })
    expect(server?.mails[0]?.to).toEqual(['b@shop.example'])
  })

  test('a mail waits for an SMTP server that is not there', async () => {
    const there = await MailServer.open()
    const { url } = there
    await there[Symbol.asyncDispose]()
    const sendMail = mailSender(url, 'hookline@hooks.example')
    expect((await sendMail(notice(), ['a@shop.example'], 'en')).kind).toBe('later')
  })

  test.each([
    { fault: { code: 'EAUTH', responseCode: 535 }, kind: 'later' },
    { fault: { code: 'EMESSAGE', responseCode: 552 }, kind: 'refused' },
    { fault: { code: 'EMESSAGE', responseCode: 452 }, kind: 'later' },
    { fault: { code: 'ETIMEDOUT' }, kind: 'later' },
  ])('an SMTP fault $fault.code $fault.responseCode makes a mail $kind', ({ fault, kind }) => {
    expect(judgeMailFault(Object.assign(new Error('no'), fault)).kind).toBe(kind)
  })
})
