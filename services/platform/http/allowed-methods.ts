import type { FastifyInstance } from 'fastify'
import { HttpProblem } from './problem.ts'

/** Methods of the routes at a path, in the order of their adding; none where there is no route. */
export type AllowedMethods = (path: string) => string[]

/**
 * Collects the routes that are added from now on; those that take whatever path comes are left out. Where a path is
 * named itself, what it would be as another route's parameter does not count.
 */
export function collectAllowedMethods(server: FastifyInstance): AllowedMethods {
  const routes: { pattern: RegExp; parameters: number; methods: string[] }[] = []
  server.addHook('onRoute', ({ url, method }) => {
    const parameters = url.split(':').length - 1
    if (!url.includes('*')) routes.push({ pattern: patternOf(url), parameters, methods: [method].flat() })
  })
  return (path) => {
    const found = routes.filter(({ pattern }) => pattern.test(path))
    const fewest = Math.min(...found.map(({ parameters }) => parameters))
    const closest = found.filter(({ parameters }) => parameters === fewest)
    return [...new Set(closest.flatMap(({ methods }) => methods))]
  }
}

/** For a path that has routes, but none of this method (RFC 9110, 15.5.6). */
export function methodNotAllowed(method: string, allowed: string[]): HttpProblem {
  const allow = allowed.join(', ')
  return new HttpProblem(405, 'Method Not Allowed', `${method} is none of ${allow}`, {}, { allow })
}

function patternOf(url: string): RegExp {
  const parts = url
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&')))
  return new RegExp(`^${parts.join('/')}$`)
}
