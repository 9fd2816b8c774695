import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../../', import.meta.url))
const run = promisify(execFile)
/** A build without any cache on a slow network. */
const commandLimitMs = 20 * 60_000
const oldestCompose = [2, 20, 2]

/** @returns why docker-compose.yml cannot be run here, or null. */
export function lackOfEngine(): string | null {
  const engine = spawnSync('docker', ['info', '--format', '{{.ServerVersion}}'], { encoding: 'utf8' })
  if (engine.error) return `docker cannot be run: ${engine.error.message}`
  const lines = `${engine.stdout}\n${engine.stderr}`.trim().split('\n')
  if (engine.status !== 0) return `no container engine answers: ${lines.at(-1)}`
  const compose = spawnSync('docker', ['compose', 'version', '--short'], { encoding: 'utf8' })
  const version = compose.stdout.trim().replace(/^v/, '').split(/[.+-]/).map(Number)
  if (compose.status !== 0) return 'docker has no compose plugin'
  const difference = oldestCompose.map((wanted, index) => (version[index] ?? 0) - wanted).find((by) => by !== 0) ?? 0
  return difference < 0 ? `docker compose is ${compose.stdout.trim()}, older than ${oldestCompose.join('.')}` : null
}

/** Part of what docker inspect says of a container. */
export type Container = {
  Config: { User: string; Image: string }
  HostConfig: { ReadonlyRootfs: boolean; CapDrop: string[]; CapAdd: string[] | null; Memory: number }
  State: { Health?: { Status: string }; ExitCode: number; OOMKilled: boolean; Running: boolean }
  RestartCount: number
}

/** docker-compose.yml as a project of its own. */
export type ComposeProject = {
  /** Runs docker compose with these arguments. @returns its standard output. @throws Error with its messages. */
  compose(...args: string[]): Promise<string>
  inspect(service: string): Promise<Container>
  /** Runs a shell command in a service's container. */
  exec(service: string, command: string): Promise<string>
}

/** @param env variables that docker-compose.yml passes on or substitutes. */
export function composeProject(name: string, profile: string, env: Record<string, string>): ComposeProject {
  const options = { cwd: root, env: { ...process.env, ...env }, timeout: commandLimitMs, maxBuffer: 64 * 1024 ** 2 }
  const docker = async (...args: string[]) => (await run('docker', args, options)).stdout
  const compose = (...args: string[]) => docker('compose', '-p', name, '--profile', profile, ...args)
  return {
    compose,
    async inspect(service) {
      const id = (await compose('ps', '-aq', service)).trim()
      return JSON.parse(await docker('inspect', id))[0]
    },
    exec: (service, command) => compose('exec', '-T', service, 'sh', '-c', command),
  }
}
