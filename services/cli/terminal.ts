import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Clock, systemClock } from '../platform/runtime/clock.ts'

/** The outside of the command: what it is given, and where it writes. */
export type Terminal = {
  /** Results. */
  out(text: string): void
  /** Progress and problems. */
  err(text: string): void
  /** Whether results go to a person's screen, and colours are welcome there. */
  readonly colours: boolean
  /** Whether progress goes to a person's screen. */
  readonly interactive: boolean
  readonly env: NodeJS.ProcessEnv
  /** A file by its path as the user gave it; `-` is the standard input. @throws Error when it cannot be read. */
  read(path: string): Promise<string>
  readonly clock: Clock
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal
}

/**
 * This process's own. npm changes into the repository's folder before it runs a script, and leaves the user's in INIT_CWD:
 * files are looked for there.
 */
export function processTerminal(interrupted: AbortSignal): Terminal {
  const { stdout, stderr, stdin, env } = process
  const folder = env.INIT_CWD || process.cwd()
  return {
    out: (line) => void stdout.write(line),
    err: (line) => void stderr.write(line),
    colours: stdout.isTTY === true && stdout.hasColors() && !env.NO_COLOR,
    interactive: stderr.isTTY === true,
    env,
    read: (path) => (path === '-' ? text(stdin) : readFile(resolve(folder, path), 'utf8')),
    clock: systemClock,
    interrupted,
  }
}
