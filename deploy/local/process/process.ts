import { spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Guard } from './guard.ts'

/** How a process ended: exit code or signal, as in Node's `exit` event; `error` if it could not be started. */
export type Ended = { code: number | null; signal: NodeJS.Signals | null; error?: Error }

export type ManagedProcess = {
  name: string
  pid: number | undefined
  logFile: string
  /** Resolves, and never rejects, when the process has ended. */
  ended: Promise<Ended>
  /** Undefined while the process is running. */
  endedAs(): Ended | undefined
  signal(signal: NodeJS.Signals): void
  /** Sends SIGTERM, then SIGKILL after `graceMs`. Resolves when the process has ended. */
  stop(graceMs: number): Promise<Ended>
}

export type Launch = {
  name: string
  command: string
  args: string[]
  /** File that standard output and error are appended to. */
  logFile: string
  env: NodeJS.ProcessEnv
  guard: Guard
}

/**
 * Starts a process in its own group, so that a Ctrl-C does not end it while others still use it. Own code: execa would
 * save ten lines and add a dozen packages.
 */
export function launch({ name, command, args, logFile, env, guard }: Launch): ManagedProcess {
  const log = openSync(logFile, 'a')
  const child = spawn(command, args, {
    env,
    detached: process.platform !== 'win32',
    windowsHide: true,
    // Windows starts batch files only through its shell.
    shell: command.endsWith('.cmd'),
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  guard.watch(child)

  let result: Ended | undefined
  const ended = new Promise<Ended>((resolve) => {
    const finish = (as: Ended) => {
      result ??= as
      resolve(result)
    }
    child.once('error', (error) => finish({ code: null, signal: null, error }))
    child.once('exit', (code, signal) => finish({ code, signal }))
  })

  return {
    name,
    pid: child.pid,
    logFile,
    ended,
    endedAs: () => result,
    signal: (signal) => void child.kill(signal),
    async stop(graceMs) {
      child.kill('SIGTERM')
      const graceIsOver = new AbortController()
      const tooLate = sleep(graceMs, 'late', { signal: graceIsOver.signal }).catch(() => 'cancelled')
      if ((await Promise.race([ended, tooLate])) === 'late') child.kill('SIGKILL')
      graceIsOver.abort()
      return ended
    },
  }
}

/**
 * Calls `probe` repeatedly until it returns true.
 * @param probe must limit its own time; a rejection counts as false.
 * @throws Error with the end of the log and its path if the process ends first or `limitMs` has passed.
 */
export async function waitUntilServing(
  process: ManagedProcess,
  probe: () => Promise<boolean>,
  limitMs: number,
): Promise<void> {
  const limit = AbortSignal.timeout(limitMs)
  for (;;) {
    const end = process.endedAs()
    if (end !== undefined) throw await failure(process, describeEnd(end))
    if (limit.aborted) throw await failure(process, `did not serve within ${limitMs / 1000} s`)
    const serves = await probe().catch(() => false)
    if (serves) return
    await Promise.race([sleep(100), process.ended])
  }
}

export function describeEnd({ code, signal, error }: Ended): string {
  if (error !== undefined) return `could not be started: ${error.message}`
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`
}

/** An error with what happened, the end of the log and the log's path. */
export async function failure(process: ManagedProcess, what: string): Promise<Error> {
  return new Error(
    `${process.name} ${what}. End of its log, ${process.logFile}:\n${await lastLines(process.logFile, 20)}`,
  )
}

/** The last `count` lines of a text file, indented; empty if it cannot be read. */
export async function lastLines(file: string, count: number): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '')
  const lines = text.trimEnd().split('\n').slice(-count)
  return lines.map((line) => `    ${line}`).join('\n')
}
