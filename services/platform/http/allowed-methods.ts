import type { FastifyInstance } from 'fastify'
import findMyWay, { type HTTPMethod } from 'find-my-way'
import { HttpProblem } from './problem.ts'

/** Methods that a path is routed for, in the order of their adding; none where there is no route. */
export type AllowedMethods = (path: string) => string[]

/**
 * Collects the routes that are added from now on; those that take whatever path comes are left out. A router of our own,
 * of the kind fastify has: fastify's hasRoute and findRoute know patterns ("/webhooks/:id"), not the paths that fit them.
 */
export function collectAllowedMethods(server: FastifyInstance, maxParamLength: number): AllowedMethods {
  const router = findMyWay({ maxParamLength })
  const methods = new Set<HTTPMethod>()
  server.addHook('onRoute', ({ url, method }) => {
    if (url.includes('*')) return
    for (const each of [method].flat() as HTTPMethod[]) {
      router.on(each, url, () => undefined)
      methods.add(each)
    }
  })
  return (path) => [...methods].filter((method) => router.find(method, path))
}

/** For a path that has routes, but none of this method (RFC 9110, 15.5.6). */
export function methodNotAllowed(method: string, allowed: string[]): HttpProblem {
  const allow = allowed.join(', ')
  return new HttpProblem(405, 'Method Not Allowed', `${method} is none of ${allow}`, {}, { allow })
}
