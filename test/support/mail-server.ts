import type { AddressInfo } from 'node:net'
import PostalMime from 'postal-mime'
import { SMTPServer } from 'smtp-server'

export type ReceivedMail = { from: string; to: string[]; messageId: string; subject: string; text: string }

/** An SMTP server that keeps what it has accepted. */
export class MailServer implements AsyncDisposable {
  /** Mails in the order of their acceptance. */
  readonly mails: readonly ReceivedMail[]
  readonly url: string
  readonly #server: SMTPServer

  private constructor(server: SMTPServer, mails: readonly ReceivedMail[]) {
    this.#server = server
    this.mails = mails
    this.url = `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`
  }

  /** @param refuse status with which a recipient is refused; null to accept. */
  static async open(refuse: (recipient: string) => number | null = () => null): Promise<MailServer> {
    const received: ReceivedMail[] = []
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      onRcptTo({ address }, _session, done) {
        const responseCode = refuse(address)
        done(responseCode === null ? null : Object.assign(new Error('refused'), { responseCode }))
      },
      onData(stream, { envelope }, done) {
        const take = async () => {
          const chunks: Buffer[] = []
          for await (const chunk of stream) chunks.push(chunk as Buffer)
          const { messageId = '', subject = '', text = '' } = await PostalMime.parse(Buffer.concat(chunks))
          const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
          received.push({ from, to: envelope.rcptTo.map(({ address }) => address), messageId, subject, text })
        }
        take().then(() => done(), done)
      },
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new MailServer(server, received)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }
}
