import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { flagsOf, withMemoryLimits } from '../../deploy/local/stack/memory.ts'
import { cpuMicros } from './usage.ts'
import type { World } from './world.ts'

/** Starts a script of this folder that takes orders as messages, with the flags and the memory of a service. */
export function forkMeasured(world: World, script: string, args: string[]): ChildProcess {
  return fork(fileURLToPath(new URL(script, import.meta.url)), args, {
    execArgv: [...flagsOf('formatter'), '--expose-gc'],
    env: withMemoryLimits(world.env),
    stdio: 'inherit',
  })
}

/** Sends an order and resolves with its answer. @throws Error if the process ends instead of answering. */
export async function order<T>(child: ChildProcess, what: object): Promise<T> {
  child.send(what)
  const over = new AbortController()
  const ended = once(child, 'exit', { signal: over.signal }).then(([code]) => {
    throw new Error(`the process ended with ${code}`)
  })
  try {
    const [answer] = (await Promise.race([once(child, 'message'), ended])) as [T]
    return answer
  } finally {
    ended.catch(() => undefined)
    over.abort()
  }
}

/** CPU time of the broker that this run started, in microseconds; NaN if it uses another one. Linux only. */
export function brokerMicros(): number {
  const pid = readdirSync('/proc').map(Number).find(isOwnBroker)
  return pid === undefined ? Number.NaN : cpuMicros(pid)
}

function isOwnBroker(pid: number): boolean {
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('kafka.Kafka')) return false
    const parent = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(parent) === process.pid
  } catch {
    // The folder is not that of a process, or the process has just ended.
    return false
  }
}
