import type { FastifyInstance } from 'fastify'
import findMyWay, { type HTTPMethod } from 'find-my-way'
import { HttpProblem } from './problem.ts'

/** Methods that a path has routes for, in the order of registration; [] if it has none. */
export type AllowedMethods = (path: string) => string[]

/**
 * Collects the routes added from now on, except wildcard routes. It uses its own router, of the kind that fastify has,
 * because fastify's hasRoute and findRoute know patterns ("/webhooks/:id") but not the paths that match them.
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

/** The problem of a path that has routes, but none for this method (RFC 9110, 15.5.6). */
export function methodNotAllowed(method: string, allowed: string[]): HttpProblem {
  const allow = allowed.join(', ')
  return new HttpProblem(405, 'Method Not Allowed', `${method} is not one of ${allow}`, {}, { allow })
}
