import { readLocalAddress } from './connection/local-address.ts'
import { run } from './program.ts'
import { processTerminal } from './terminal.ts'

/** Entry point of npm run webhooks -- <verb> (contract.md, section 6). */

const interrupted = new AbortController()
const interruptedExitCode = 130
const graceMs = 5_000
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt)

/** Ends waits in order. The process exits if that takes too long, or at a second signal. */
function interrupt(): void {
  interrupted.abort()
  setTimeout(() => process.exit(interruptedExitCode), graceMs).unref()
}

// Ends quietly when a reader such as head closes the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

process.exitCode = await run(process.argv.slice(2), processTerminal(interrupted.signal), readLocalAddress)
