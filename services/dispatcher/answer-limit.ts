import type { Socket } from 'node:net'

/** A head is read up to 16 KiB and a body up to 16 KiB: what is more is chunk framing, 1xx answers or trailers. */
const answerCapBytes = 32_768
/** undici makes an error for each header line beyond its limit in one read: of 64 KiB these took 40 ms and 0.9 MB. */
const readBytes = 4_096

export class AnswerTooLongError extends Error {
  override name = 'AnswerTooLongError'
  constructor() {
    super('answer is longer than is read')
  }
}

/**
 * Ends a socket whose answer is longer than any that makes sense, in whatever part of it: undici limits a head, and we a
 * body, but neither sees endless chunk extensions or 1xx answers. It hands the answer out in small parts, and nothing any
 * more once the socket is destroyed. Exact to within twice the cap, as bytes are counted over several answers at first.
 */
export function limitAnswers(socket: Socket): void {
  const read = socket.read
  let takenBytes = 0
  let writtenBefore = socket.bytesWritten
  const startsAnew = () => {
    // One request at a time: nothing written means that all of it answers the same one.
    if (socket.bytesWritten === writtenBefore) return false
    takenBytes = 0
    writtenBefore = socket.bytesWritten
    return true
  }
  socket.read = (size?: number) => {
    const availableBytes = socket.readableLength
    if (availableBytes === 0 || size !== undefined) return read.call(socket, size)
    if (socket.destroyed) return null
    const partBytes = availableBytes < readBytes ? availableBytes : readBytes
    takenBytes += partBytes
    if (takenBytes <= answerCapBytes || startsAnew()) return read.call(socket, partBytes)
    socket.destroy(new AnswerTooLongError())
    return null
  }
}
