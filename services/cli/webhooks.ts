import { readLocalAddress } from './connection/local-address.ts'
import { run } from './program.ts'
import { processTerminal } from './terminal.ts'

/** npm run webhooks -- <verb> (contract.md, section 6). */

const interrupted = new AbortController()
const interruptedExitCode = 130
const graceMs = 5_000
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt)

/** Ends what is waited for, in order; what does not end, and a second signal, end the process. */
function interrupt(): void {
  interrupted.abort()
  setTimeout(() => process.exit(interruptedExitCode), graceMs).unref()
}

// A reader that has had enough, such as head, ends it without a word.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

process.exitCode = await run(process.argv.slice(2), processTerminal(interrupted.signal), readLocalAddress)
