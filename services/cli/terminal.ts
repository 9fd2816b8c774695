import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { type Clock, systemClock } from '../platform/runtime/clock.ts'

/** The environment of the command: its inputs and outputs. */
export type Terminal = {
  /** Writes results. */
  out(text: string): void
  /** Writes progress and problems. */
  err(text: string): void
  /** Whether results go to a screen with colours. */
  readonly colours: boolean
  /** Whether progress goes to a screen. */
  readonly interactive: boolean
  readonly env: NodeJS.ProcessEnv
  /** Reads a file by the path that the user gave; `-` is standard input. @throws Error when it cannot be read. */
  read(path: string): Promise<string>
  readonly clock: Clock
  /** Aborted by Ctrl-C. */
  readonly interrupted: AbortSignal
}

/**
 * The terminal of this process. npm changes into the repository's folder before it runs a script and leaves the user's
 * folder in INIT_CWD; files are read relative to that.
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
