import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { type GrammarOptions, type OddAnswer, oddAnswer } from './answer-grammar.ts'
import { listenRaw, onRequest, type RawServer } from './outgoing.ts'
import { seeded } from './simulation.ts'

type Answer = Pick<OddAnswer, 'pieces' | 'ending'>

/** Status of requests to /control, which no other answer has. */
export const controlStatus = 297
const control: Answer = {
  pieces: [Buffer.from(`HTTP/1.1 ${controlStatus} Control\r\ncontent-length: 0\r\n\r\n`)],
  ending: 'open',
}

/**
 * Answers /odd/<seed> with the answer of that seed, /next with that of the next seed, and other paths with
 * controlStatus.
 */
export async function listenOdd(options: GrammarOptions & { firstSeed?: number } = {}): Promise<RawServer> {
  let next = options.firstSeed ?? 0
  return await listenRaw((socket) => {
    socket.setNoDelay(true)
    // The end of an answer's connection comes before the next answer, as at any server: a client may send its next request
    // while the last pieces are still to be written.
    let written = Promise.resolve()
    onRequest(socket, (_number, head) => {
      const seed = /^POST \/odd\/(\d+) /.exec(head)?.[1]
      const answer = head.startsWith('POST /next ')
        ? oddAnswer(seeded(next++), options)
        : seed === undefined
          ? control
          : oddAnswer(seeded(Number(seed)), options)
      written = written.then(() => write(socket, answer))
    })
  })
}

async function write(socket: Socket, { pieces, ending }: Answer): Promise<void> {
  for (const piece of pieces) {
    if (!socket.writable) return
    socket.write(piece)
    if (pieces.length > 1) await setImmediate()
  }
  if (ending === 'close' && socket.writable) socket.end()
  if (ending === 'reset') socket.resetAndDestroy()
}
