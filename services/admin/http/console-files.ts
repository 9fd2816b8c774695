import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { nothingThere } from '../../platform/http/http-server.ts'
import { packagePath } from '../../platform/package-files.ts'

/** Folder into which npm run build writes the console. */
const consoleDirectory = packagePath('services/console/dist')

/** Paths that are not the console's: a missing one is answered with a problem, not with a page. */
const ownPaths = /^\/(api|openapi\.json|healthz|readyz|metrics)([/?]|$)/
const notBuilt = `<!doctype html><meta charset="utf-8"><title>Hookline</title>
<h1>The console is not built</h1><p>Run <code>npm run build</code> and load this page again. The API is at
<a href="/openapi.json">/openapi.json</a>.</p>\n`

/**
 * Serves the console's files, in brotli or gzip if the build compressed them. index.html is read for each request, so a new
 * build needs no restart.
 */
export async function addConsole(server: FastifyInstance, directory = consoleDirectory): Promise<void> {
  const page = (_request: FastifyRequest, reply: FastifyReply) => sendPage(directory, reply)
  for (const url of ['/', '/index.html']) server.get(url, { schema: { hide: true } as object }, page)
  await server.register(fastifyStatic, {
    root: directory,
    suppressWarning: true,
    preCompressed: true,
    index: false,
    dotfiles: 'deny',
    cacheControl: false,
    setHeaders: (reply, path) => {
      // Names of files in assets/ contain a hash of their contents.
      const isHashed = path.startsWith(join(directory, 'assets'))
      reply.header('cache-control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
    },
  })
}

/** Serves the console's page for its deep links; any other path is not found. */
export function pageOrNothing(directory = consoleDirectory) {
  return (request: FastifyRequest, reply: FastifyReply): unknown => {
    const { method, url, headers } = request
    const isPage = (method === 'GET' || method === 'HEAD') && String(headers.accept ?? '').includes('text/html')
    return isPage && !ownPaths.test(url) ? sendPage(directory, reply) : nothingThere(request)
  }
}

async function sendPage(directory: string, reply: FastifyReply): Promise<FastifyReply> {
  reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache')
  const html = await readFile(join(directory, 'index.html'), 'utf8').catch(() => null)
  return html === null ? reply.code(503).send(notBuilt) : reply.send(html)
}
