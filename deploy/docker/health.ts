/**
 * The container's health check: whether the service in it answers at the path that is given as the argument; by
 * default /healthz, whether it runs. /readyz tells whether it works, too.
 */
const port = process.env.HOOKLINE_HTTP_PORT
const path = process.argv[2] ?? '/healthz'

try {
  if (port === undefined) throw new Error('HOOKLINE_HTTP_PORT is not set')
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(4_000) })
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${(await response.text()).slice(0, 500)}`)
} catch (error) {
  // The output is shown by "docker inspect".
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}

export {}
