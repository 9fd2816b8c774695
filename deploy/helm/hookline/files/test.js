// Run by "helm test": every service answers /readyz with 200. Arguments: the services' URLs.
for (const url of process.argv.slice(1)) {
  const timeout = AbortSignal.timeout(10_000)
  const answer = await fetch(`${url}/readyz`, { signal: timeout }).catch((error) => error.cause ?? error)
  const text = answer instanceof Error ? answer.message : await answer.text()
  process.stdout.write(`${url}: ${answer.status ?? 'no answer'} ${text}\n`)
  if (answer.status !== 200) process.exitCode = 1
}
