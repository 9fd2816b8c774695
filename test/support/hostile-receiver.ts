import type { Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { listenRaw, onRequest } from './outgoing.ts'

/**
 * Answers in ways that no receiver should, by the request's path. It is a separate process, so that its memory does not
 * count as that of the measured one. It sends its port to its parent, and ends with it.
 */
const head = 'HTTP/1.1 200 OK\r\n'
const megabyte = Buffer.alloc(1_048_576, 'x')
const bombed = gzipSync(Buffer.alloc(200 * 1_048_576))
const smallBomb = gzipSync(Buffer.alloc(8 * 1_048_576))

const answers: Record<string, (socket: Socket) => void> = {
  '/plain': (socket) => void socket.write(`${head}content-length: 2\r\n\r\n{}`),
  '/endless': (socket) => {
    socket.write(`${head}transfer-encoding: chunked\r\n\r\n`)
    endlessly(socket, Buffer.concat([Buffer.from('100000\r\n'), megabyte, Buffer.from('\r\n')]))
  },
  '/until-close': (socket) => {
    socket.write(`${head}\r\n`)
    endlessly(socket, megabyte)
  },
  '/gigabyte': (socket) => {
    socket.write(`${head}content-length: 1073741824\r\n\r\n`)
    endlessly(socket, megabyte)
  },
  '/refused-gigabyte': (socket) => {
    socket.write(`HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 1073741824\r\n\r\n`)
    endlessly(socket, megabyte)
  },
  '/gzip-bomb': (socket) => {
    socket.write(`${head}content-encoding: gzip\r\ncontent-length: ${bombed.length}\r\n\r\n`)
    socket.write(bombed)
  },
  '/small-gzip-bomb': (socket) => {
    socket.write(`${head}content-encoding: gzip\r\ncontent-length: ${smallBomb.length}\r\n\r\n`)
    socket.write(smallBomb)
  },
  '/many-headers': (socket) => {
    socket.write(head)
    endlessly(socket, Buffer.from('x-flood: 0123456789\r\n'.repeat(10_000)))
  },
  '/long-header': (socket) => {
    socket.write(`${head}x-flood: `)
    endlessly(socket, megabyte)
  },
  '/long-status-line': (socket) => {
    socket.write('HTTP/1.1 200 ')
    endlessly(socket, megabyte)
  },
  '/informational': (socket) => endlessly(socket, Buffer.from('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(10_000))),
  '/chunk-extension': (socket) => {
    socket.write(`${head}transfer-encoding: chunked\r\n\r\n1;flood=`)
    endlessly(socket, megabyte)
  },
  '/tiny-chunks': (socket) => {
    socket.write(`${head}transfer-encoding: chunked\r\n\r\n`)
    endlessly(socket, Buffer.from('1;a=b\r\nx\r\n'.repeat(10_000)))
  },
  '/trailers': (socket) => {
    socket.write(`${head}transfer-encoding: chunked\r\n\r\n0\r\n`)
    endlessly(socket, Buffer.from('x-flood: 0123456789\r\n'.repeat(10_000)))
  },
  '/slow-head': (socket) => drip(socket, head),
  '/slow-body': (socket) => {
    socket.write(`${head}content-length: 100\r\n\r\n`)
    drip(socket, 'x'.repeat(100))
  },
  '/silent': () => undefined,
}

/** Writes as fast as the client reads, until the client closes the connection. */
function endlessly(socket: Socket, chunk: Buffer): void {
  const more = () => {
    while (!socket.destroyed && socket.write(chunk));
    if (!socket.destroyed) socket.once('drain', more)
  }
  more()
}

/** One byte a second, the first one at once. */
function drip(socket: Socket, text: string): void {
  let sent = 0
  const byte = () => void (socket.destroyed ? clearInterval(timer) : socket.write(text.slice(sent, ++sent)))
  const timer = setInterval(byte, 1_000)
  byte()
}

const server = await listenRaw((socket) => {
  onRequest(socket, (_number, head) => answers[head.split(' ')[1] ?? '']?.(socket))
})
process.send?.(server.port)
process.on('disconnect', () => process.exit(0))
