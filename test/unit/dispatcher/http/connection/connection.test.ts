import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { HttpConnection } from '../../../../../services/dispatcher/http/connection/connection.ts'

const user = { received: () => {}, closed: () => {} }

/** A receiver that reads nothing until it is asked to, and a connection to it. */
async function openPaused() {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const socket = connect(port, '127.0.0.1')
  const [receiver] = await accepted
  const connection = new HttpConnection(socket, 'key', 0)
  return {
    connection,
    async read(bytes: number): Promise<string> {
      let text = ''
      receiver.resume()
      for await (const piece of receiver) {
        text += piece.toString('latin1')
        if (text.length >= bytes) break
      }
      return text
    },
    [Symbol.dispose]() {
      connection.destroy()
      receiver.destroy()
      server.close()
    },
  }
}

describe('writing requests', () => {
  it.each([100, 15_000, 60_000])(
    'a request with a body of %i bytes that the kernel has not taken is not overwritten by the next one',
    async (bodyBytes) => {
      using slow = await openPaused()
      using other = await openPaused()
      let written = ''
      const carry = (to: HttpConnection, letter: string) => {
        const request = { head: `${letter} / HTTP/1.1\r\n\r\n`, body: Buffer.alloc(bodyBytes, letter) }
        to.carry(request, user)
        return request.head + request.body.toString('latin1')
      }
      for (let i = 0; slow.connection.isWritten; i++)
        written += carry(slow.connection, String.fromCharCode(65 + (i % 26)))
      const sent = carry(other.connection, 'z')
      written += carry(slow.connection, 'y')
      const [read, readByOther] = await Promise.all([slow.read(written.length), other.read(sent.length)])
      expect(read === written).toBe(true)
      expect(readByOther === sent).toBe(true)
    },
  )
})
