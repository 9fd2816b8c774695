import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Logger } from '../runtime/log.ts'
import type { Registry } from '../runtime/metrics.ts'
import type { Readiness } from '../runtime/readiness/readiness.ts'
import { createHttpServer } from './http-server.ts'
import { HttpProblem } from './problem.ts'

export type EarlyListenerOptions = {
  config: { HOOKLINE_HTTP_HOST: string; HOOKLINE_HTTP_PORT: number }
  log: Logger
  readiness: Readiness
  metrics: Registry
}

const part = 'http api'

/**
 * Listens before there is anything to serve, so that a service that is still reading its tables is seen to be alive.
 * /healthz, /readyz and /metrics answer; everything else is 503 until `serve` is called.
 */
export class EarlyListener implements AsyncDisposable {
  readonly #door: FastifyInstance
  readonly #readiness: Readiness
  #server: FastifyInstance | undefined

  private constructor(door: FastifyInstance, readiness: Readiness) {
    this.#door = door
    this.#readiness = readiness
  }

  static async open({ config, log, readiness, metrics }: EarlyListenerOptions): Promise<EarlyListener> {
    const door = createHttpServer({ log, readiness, metrics, notFound: notYet })
    const self = new EarlyListener(door, readiness)
    readiness.set(part, 'the tables have not been read yet')
    door.addHook('onRequest', (request, reply, done) => {
      if (!self.#server) return done()
      // Hijacked before the body is read: the whole request belongs to the other server.
      reply.hijack()
      self.#server.routing(request.raw, reply.raw)
    })
    await door.listen({ host: config.HOOKLINE_HTTP_HOST, port: config.HOOKLINE_HTTP_PORT })
    const { address, port } = door.server.address() as AddressInfo
    log.info({ address, port }, 'listening')
    return self
  }

  /**
   * Lets this server answer from now on; it must never listen itself. Disposing of the result closes both. A service
   * closes this first, while everything that a request needs is still open.
   */
  async serve(server: FastifyInstance): Promise<AsyncDisposable> {
    await server.ready()
    this.#server = server
    this.#readiness.set(part, null)
    return {
      [Symbol.asyncDispose]: async () => {
        // Closed first, because it ends the streams that would keep connections open.
        await server.close()
        await this.#door.close()
      },
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#door.close()
  }
}

function notYet(): never {
  throw new HttpProblem(503, 'Service Unavailable', 'starting: see /readyz', {}, { 'retry-after': '1' })
}
