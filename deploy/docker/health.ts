/** The container's health check: whether the service in it answers /healthz (contract.md, section 5). */
const port = process.env.HOOKLINE_HTTP_PORT

try {
  if (port === undefined) throw new Error('HOOKLINE_HTTP_PORT is not set')
  const response = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(4_000) })
  if (!response.ok) throw new Error(`/healthz answered ${response.status}`)
} catch (error) {
  // The output is shown by "docker inspect".
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}

export {}
