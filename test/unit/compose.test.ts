import { existsSync, readdirSync } from 'node:fs'
import type { TObject } from 'typebox'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { files } from '../../deploy/docker/volumes.ts'
import { commonFlags, memoryVariables, ownFlagsOf } from '../../deploy/local/stack/memory.ts'
import { describeConfig } from '../../services/platform/config/config.ts'
import { topicsConfig } from '../../services/topics/config.ts'
import { readDocument, root } from '../support/documents.ts'

/** docker-compose.yml and the Dockerfile against what the services declare. Guarantee 60 runs them. */

type ComposeService = {
  image: string
  profiles?: string[]
  command?: string[]
  environment?: Record<string, string | number | null>
  ports?: string[]
  volumes?: string[]
  mem_limit?: string
  depends_on?: Record<string, { condition: string; required?: boolean }>
  [setting: string]: unknown
}

type ConfigSchema = { properties: Record<string, object>; required?: string[] }

const text = readDocument('docker-compose.yml')
const compose = parse(text, { merge: true }) as { services: Record<string, ComposeService>; volumes: object }
const { services } = compose
const dockerfile = readDocument('deploy/docker/Dockerfile')
const packages = JSON.parse(readDocument('package.json'))
const all = Object.entries(services)
const own = all.filter(([, service]) => service.image === 'hookline:latest')
const withMain = readdirSync(new URL('services/', root)).filter((name) =>
  existsSync(new URL(`services/${name}/main.ts`, root)),
)
const longRunning = own.filter(([name]) => withMain.includes(name))
/** Variables that Node and OpenTelemetry read themselves. */
const isOfLibraries = (variable: string) => variable === 'NODE_EXTRA_CA_CERTS' || variable.startsWith('OTEL_')

describe.each(longRunning)('docker-compose.yml: the service %s', (name, service) => {
  const environment = service.environment ?? {}

  test("every variable of the service's config.ts can be set, and no other", async () => {
    // A container is reached from outside, at the port that is published.
    const wanted = namesOf(await configOf(name)).filter((variable) => variable !== 'HOOKLINE_HTTP_HOST')
    expect(
      Object.keys(environment)
        .filter((variable) => !isOfLibraries(variable))
        .sort(),
    ).toEqual(wanted.sort())
  })

  test('a variable with a value of its own is one that differs between containers', () => {
    const given = Object.entries(environment).filter(([, value]) => value !== null)
    expect(given.map(([variable]) => variable).sort()).toEqual([
      'HOOKLINE_HTTP_PORT',
      'KAFKA_BROKERS',
      'SCHEMA_REGISTRY_URL',
    ])
  })

  test('the file of each secret or key that the service requires is read and mounted, and no other', async () => {
    const { properties } = await configOf(name)
    const mounts = (service.volumes ?? []).filter((volume) => !volume.includes('CERTIFICATES'))
    const wanted = [
      ...('HOOKLINE_AUTH_PUBLIC_KEY' in properties || 'HOOKLINE_ALLOWED_ADDRESSES' in properties
        ? [files.settings]
        : []),
      ...('HOOKLINE_KEY_RING' in properties ? [files.keyRing] : []),
    ]
    const read = (service.command ?? []).filter((part) => part.startsWith('--env-file='))
    expect(read).toEqual(wanted.map((file) => `--env-file=${file}`))
    const folders = wanted.map((file) => file.slice(0, file.lastIndexOf('/')))
    expect(mounts).toEqual(folders.map((folder) => `${folder.slice(1)}:${folder}:ro`))
  })

  test('a service is published at the port it listens on, on loopback only', () => {
    const port = environment.HOOKLINE_HTTP_PORT
    for (const published of service.ports ?? [])
      expect(published).toMatch(new RegExp(`^127\\.0\\.0\\.1:\\$\\{[A-Z]+_PORT:-\\d+\\}:${port}$`))
    expect(port).toBeTypeOf('number')
  })

  test('a service starts after the topics have been created, and has more time to stop than it needs', async () => {
    expect(service.depends_on).toEqual({ topics: { condition: 'service_completed_successfully' } })
    const { properties } = await configOf(name)
    const { default: timeoutMs } = properties.HOOKLINE_SHUTDOWN_TIMEOUT_MS as { default: number }
    expect(Number.parseInt(String(service.stop_grace_period), 10) * 1000).toBeGreaterThan(timeoutMs)
  })

  test('a service counts as healthy when it is ready', () => {
    expect(service.healthcheck).toMatchObject({ test: ['CMD', 'node', 'deploy/docker/health.ts', '/readyz'] })
  })
})

test.each(own)('the container of %s runs an existing file and writes nothing', (_name, service) => {
  const file = (service.command ?? []).find((part) => part.endsWith('.ts')) ?? ''
  expect(existsSync(new URL(file, root))).toBe(true)
  expect(service).toMatchObject({ read_only: true, tmpfs: ['/tmp'], pull_policy: 'never' })
})

test.each(all)('the container of %s has restricted rights, limited memory and an init', (_name, service) => {
  expect(service).toMatchObject({
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    init: true,
    mem_limit: expect.stringMatching(/^\d+[mg]$/),
    // Repeated without end, a failing start would keep "up" waiting without a word.
    restart: expect.stringMatching(/^(unless-stopped|on-failure:3|no)$/),
  })
  expect(service).not.toHaveProperty('privileged')
  expect(service).not.toHaveProperty('cap_add')
})

test('the guide states the memory limit of each container', () => {
  const guide = readDocument('docs/operating/docker.md')
  for (const [name, { mem_limit: limit = '' }] of all) {
    const size = limit.replace(/m$/, ' MB').replace(/g$/, ' GB')
    expect(guide).toMatch(new RegExp(`^\\| [^|]*\`${name}\`[^|]*\\| ${size} \\|`, 'm'))
  }
})

test('only one service builds the image, so that it is built once', () => {
  expect(own.filter(([, service]) => 'build' in service).map(([name]) => name)).toEqual(['topics'])
})

test('containers of other projects are pinned by version, and are not started without a profile', () => {
  for (const [name, { image, profiles }] of all.filter(([, service]) => service.image !== 'hookline:latest')) {
    expect(image, name).toMatch(/:\d+\.\d+\.\d+$/)
    expect(profiles, name).toEqual(['demo', 'kafka'])
  }
  const optional = Object.entries(services.topics?.depends_on ?? {}).filter(([, { required }]) => required === false)
  expect(optional.map(([name]) => name)).toEqual(['demo-init', 'kafka', 'registry'])
})

test('the environment of the topics command is what it reads', () => {
  const given = Object.keys(services.topics?.environment ?? {}).filter((name) => !isOfLibraries(name))
  expect(given.sort()).toEqual(namesOf(topicsConfig).sort())
})

test('image and services limit memory as the local stack does', () => {
  for (const [name, { command = [] }] of longRunning) {
    const flags = command.slice(0, -1).filter((flag) => !flag.startsWith('--env-file='))
    expect(flags, name).toEqual(ownFlagsOf(name))
  }
  const { youngGeneration, heapInContainer } = memoryVariables
  expect(dockerfile).toContain(`ENV NODE_OPTIONS="${youngGeneration} ${heapInContainer}"\n`)
  expect(dockerfile).toContain(`ENTRYPOINT ${JSON.stringify(['node', ...commonFlags]).replaceAll(',', ', ')}\n`)
  const malloc = Object.entries(memoryVariables.malloc).map(([name, value]) => `${name}=${value}`)
  expect(dockerfile).toContain(`ENV ${malloc.join(' ')}\n`)
})

test('the compile cache is made by the user and with the flags of the services, or Node would not use it', () => {
  const [, uid, gid] = /^USER (\d+):(\d+)$/m.exec(dockerfile) ?? []
  expect(Number(uid)).toBeGreaterThan(0)
  expect(dockerfile).toContain(`setpriv --reuid=${uid} --regid=${gid} --clear-groups`)
  expect(dockerfile).toContain(`node ${commonFlags.join(' ')} $own services/dist/$service.mjs`)
  expect(dockerfile).toContain(`[ $service != dispatcher ] || own="${ownFlagsOf('dispatcher').join(' ')}"`)
  const [, names = ''] = /for service in (.*); do/.exec(dockerfile) ?? []
  expect(names.split(' ').sort()).toEqual(withMain.sort())
})

test('the image is of the version and the Node of package.json', () => {
  expect(dockerfile).toContain(`ARG NODE_IMAGE=node:${packages.devDependencies.node}-bookworm-slim\n`)
  expect(dockerfile).toContain(`ARG VERSION=${packages.version}\n`)
  for (const stage of dockerfile.matchAll(/^FROM (\S+)/gm)) expect(stage[1]).toBe(`\${NODE_IMAGE}`)
})

test('every service of the repository is in docker-compose.yml', () => {
  expect(longRunning.map(([name]) => name).sort()).toEqual(withMain.sort())
})

test('secrets have no value in docker-compose.yml', () => {
  const values = own.flatMap(([, service]) => Object.entries(service.environment ?? {}))
  const secret = values.filter(([name]) => /KEY|PASSWORD|SECRET/.test(name))
  expect(secret.length).toBeGreaterThan(0)
  expect(secret.filter(([, value]) => value !== null)).toEqual([])
})

/** Variables of a configuration, those that name a file with a value included. */
function namesOf(schema: ConfigSchema): string[] {
  const described = describeConfig(schema as TObject)
  return described.flatMap(({ name, fileVariable }) => (fileVariable === null ? [name] : [name, fileVariable]))
}

async function configOf(name: string): Promise<ConfigSchema> {
  const module: Record<string, unknown> = await import(new URL(`services/${name}/config.ts`, root).href)
  const schema = Object.values(module).find(
    (value) => typeof value === 'object' && value !== null && 'properties' in value,
  )
  if (!schema) throw new Error(`services/${name}/config.ts exports no schema`)
  return schema as ConfigSchema
}
