import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import type { ServiceName } from '../../deploy/local/stack/stack.ts'
import { serviceFile } from '../../deploy/local/tools/service-build.ts'

export type ServiceProcess = {
  /** Resolves with the exit code; null when a signal ended it. */
  ended: Promise<number | null>
  /** Output so far, of both streams. */
  output(): string
  kill(): void
}

/** One service as a process that is not restarted. */
export function spawnService(name: ServiceName, env: NodeJS.ProcessEnv): ServiceProcess {
  const child = spawn(process.execPath, [serviceFile(name)], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const note = (chunk: Buffer) => {
    output += chunk.toString()
  }
  child.stdout.on('data', note)
  child.stderr.on('data', note)
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  return { ended, output: () => output, kill: () => void child.kill('SIGKILL') }
}

/** npm run topics -- apply */
export async function applyTopics(env: NodeJS.ProcessEnv): Promise<void> {
  await promisify(execFile)(process.execPath, ['services/topics/command.ts', 'apply'], { env })
}
