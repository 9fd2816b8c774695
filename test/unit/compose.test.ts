import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { commonFlags, memoryVariables, ownFlagsOf } from '../../deploy/local/stack/memory.ts'
import { topicsConfig } from '../../services/topics/config.ts'

/** docker-compose.yml against the services that it starts; it cannot be run where the tests run. */

type ComposeService = {
  image: string
  command?: string[]
  environment?: Record<string, string | number>
  ports?: string[]
  depends_on?: Record<string, { condition: string }>
  [setting: string]: unknown
}

type ConfigSchema = { properties: Record<string, object>; required?: string[] }

const root = new URL('../../', import.meta.url)
const text = readFileSync(new URL('docker-compose.yml', root), 'utf8')
const { services } = parse(text, { merge: true }) as { services: Record<string, ComposeService> }
const own = Object.entries(services).filter(([, service]) => service.image === 'hookline:latest')
const longRunning = own.filter(([name]) => name !== 'topics')

/** Value of a variable as Compose resolves it when nothing is set; 'required' for one that it asks for. */
function unset(value: string | number): string {
  return String(value).replace(/\$\{\w+:([-?])(.*)\}/, (_all, kind, rest) => (kind === '-' ? rest : 'required'))
}

describe.each(longRunning)('docker-compose.yml: the service %s', (name, service) => {
  const environment = service.environment ?? {}

  test("the environment contains only variables of the service's config.ts, and all those without a default", async () => {
    const { properties, required } = await configOf(name)
    expect(Object.keys(environment).filter((variable) => !(variable in properties))).toEqual([])
    const without = Object.entries(properties).filter(([variable, schema]) => {
      return required?.includes(variable) && !('default' in schema)
    })
    expect(without.map(([variable]) => variable).filter((variable) => !(variable in environment))).toEqual([])
  })

  test('a service is published at the port it listens on, on loopback only', () => {
    const port = environment.HOOKLINE_HTTP_PORT
    for (const published of service.ports ?? []) expect(published).toBe(`127.0.0.1:${port}:${port}`)
    expect(port).toBeTypeOf('number')
  })

  test('a service starts after the topics have been created', () => {
    expect(service.depends_on).toEqual({ topics: { condition: 'service_completed_successfully' } })
  })
})

test.each(own)('the container of %s runs an existing file, with restricted rights', (_name, service) => {
  const file = (service.command ?? []).find((part) => part.endsWith('.ts')) ?? ''
  expect(existsSync(new URL(file, root))).toBe(true)
  expect(service).toMatchObject({
    read_only: true,
    cap_drop: ['ALL'],
    security_opt: ['no-new-privileges:true'],
    tmpfs: ['/tmp'],
    restart: expect.stringMatching(/^(unless-stopped|on-failure)$/),
  })
})

test('the environment of the topics command contains only its own variables', () => {
  const declared = new Set(Object.keys(topicsConfig.properties))
  expect(Object.keys(services.topics?.environment ?? {}).filter((name) => !declared.has(name))).toEqual([])
})

test('image and services limit memory as the local stack does', () => {
  for (const [name, { command = [] }] of longRunning) expect(command.slice(0, -1), name).toEqual(ownFlagsOf(name))
  const dockerfile = readFileSync(new URL('deploy/docker/Dockerfile', root), 'utf8')
  expect(dockerfile).toContain(`ENV NODE_OPTIONS="${memoryVariables.nodeOptions.join(' ')}"\n`)
  expect(dockerfile).toContain(`ENTRYPOINT ${JSON.stringify(['node', ...commonFlags]).replaceAll(',', ', ')}\n`)
  const malloc = Object.entries(memoryVariables.malloc).map(([name, value]) => `${name}=${value}`)
  expect(dockerfile).toContain(`ENV ${malloc.join(' ')}\n`)
})

test('every service of the repository is in docker-compose.yml', () => {
  const withMain = readdirSync(new URL('services/', root)).filter((name) =>
    existsSync(new URL(`services/${name}/main.ts`, root)),
  )
  expect(longRunning.map(([name]) => name)).toEqual(expect.arrayContaining(withMain))
})

test('secrets in docker-compose.yml are required and have no default', () => {
  const values = own.flatMap(([, service]) => Object.entries(service.environment ?? {}))
  const secret = values.filter(([name]) => /KEY|PASSWORD|SECRET/.test(name))
  expect(secret.length).toBeGreaterThan(0)
  expect(secret.filter(([, value]) => unset(value) !== 'required')).toEqual([])
})

async function configOf(name: string): Promise<ConfigSchema> {
  const module: Record<string, unknown> = await import(new URL(`services/${name}/config.ts`, root).href)
  const schema = Object.values(module).find(
    (value) => typeof value === 'object' && value !== null && 'properties' in value,
  )
  if (!schema) throw new Error(`services/${name}/config.ts exports no schema`)
  return schema as ConfigSchema
}
