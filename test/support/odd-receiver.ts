import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { type GrammarOptions, type OddAnswer, oddAnswer } from './answer-grammar.ts'
import { listenRaw, onRequest, type RawServer } from './outgoing.ts'
import { seeded } from './simulation.ts'

/** Status of requests to /control, which no other answer has. */
export const controlStatus = 297

/**
 * Answers /odd/<seed> with the answer of that seed, /next with that of the next seed, and other paths with
 * controlStatus.
 */
export async function listenOdd(options: GrammarOptions & { firstSeed?: number } = {}): Promise<RawServer> {
  let next = options.firstSeed ?? 0
  return await listenRaw((socket) => {
    socket.setNoDelay(true)
    onRequest(socket, (_number, head) => {
      const seed = /^POST \/odd\/(\d+) /.exec(head)?.[1]
      if (head.startsWith('POST /next ')) void write(socket, oddAnswer(seeded(next++), options))
      else if (seed === undefined) socket.write(`HTTP/1.1 ${controlStatus} Control\r\ncontent-length: 0\r\n\r\n`)
      else void write(socket, oddAnswer(seeded(Number(seed)), options))
    })
  })
}

async function write(socket: Socket, { pieces, ending }: OddAnswer): Promise<void> {
  for (const piece of pieces) {
    if (socket.destroyed) return
    socket.write(piece)
    if (pieces.length > 1) await setImmediate()
  }
  if (ending === 'close') socket.end()
  if (ending === 'reset') socket.resetAndDestroy()
}
