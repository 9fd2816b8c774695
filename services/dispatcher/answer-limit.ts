import type { Socket } from 'node:net'

/** A head is read up to 16 KiB and a body up to 16 KiB: what is more is chunk framing, 1xx answers or trailers. */
const answerCapBytes = 65_536

export class AnswerTooLongError extends Error {
  override name = 'AnswerTooLongError'
  constructor() {
    super('answer is longer than is read')
  }
}

/**
 * Ends a socket whose answer is longer than any that makes sense, in whatever part of it: undici limits a head, and we a
 * body, but neither sees endless chunk extensions or 1xx answers. One comparison for each read; exact to within twice
 * the cap, as bytes are counted from the first read after a request.
 */
export function limitAnswers(socket: Socket): void {
  let readBefore = socket.bytesRead
  let writtenBefore = socket.bytesWritten
  socket.on('readable', () => {
    if (socket.bytesRead - readBefore <= answerCapBytes) return
    // One request at a time: nothing written means that all of it answers the same one.
    if (socket.bytesWritten === writtenBefore) socket.destroy(new AnswerTooLongError())
    readBefore = socket.bytesRead
    writtenBefore = socket.bytesWritten
  })
}
