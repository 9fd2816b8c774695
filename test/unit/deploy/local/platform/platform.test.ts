import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { cacheDirectory } from '../../../../../deploy/local/artifacts/cache.ts'
import { parseChecksums } from '../../../../../deploy/local/artifacts/checksums.ts'
import { findJava, javaMajor } from '../../../../../deploy/local/platform/java.ts'
import { givenPlatform } from '../../../../../deploy/local/platform/platform.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-test-'))
})
afterEach(() => rm(folder, { recursive: true }))

test.each([
  ['25.0.3+9-LTS', 25],
  ['21', 21],
  ['17.0.15', 17],
  ['1.8.0_402', 8],
  ['22-ea', 22],
])('the Java version %s is major version %i', (version, major) => {
  expect(javaMajor(version)).toBe(major)
})

test('a Java in JAVA_HOME that is too old is skipped for a newer one found elsewhere', async () => {
  await fakeJava('old', '17.0.1')
  await fakeJava('.sdkman/candidates/java/99', '99.0.1')
  const env = { HOME: folder, PATH: '', JAVA_HOME: join(folder, 'old') }
  const search = await findJava(env)
  expect(search).toMatchObject({ kind: 'found', java: { major: expect.toSatisfy((major: number) => major >= 21) } })
})

test.each([
  [{ HOOKLINE_CACHE_DIR: '/a', XDG_CACHE_HOME: '/b', HOME: '/c' }, '/a'],
  [{ XDG_CACHE_HOME: '/b', HOME: '/c' }, '/b/hookline'],
  [{ HOME: '/c' }, '/c/.cache/hookline'],
])('with the variables %j the cache is %s', (env, expected) => {
  expect(cacheDirectory(env)).toBe(expected)
})

test('broker and registry that are both given are used as they are, and a password is not shown', () => {
  const env = { KAFKA_BROKERS: 'a:1, b:2', SCHEMA_REGISTRY_URL: 'http://me:secret@registry:8081' }
  const platform = givenPlatform(env)
  expect(platform).toMatchObject({ kind: 'given', brokers: ['a:1', 'b:2'], schemaRegistryUrl: env.SCHEMA_REGISTRY_URL })
  expect(platform?.description).not.toContain('secret')
})

test.each([[{ KAFKA_BROKERS: 'a:1' }], [{ SCHEMA_REGISTRY_URL: 'http://registry:8081' }]])(
  'a broker without a registry, or the reverse, is an error: %j',
  (env) => {
    expect(() => givenPlatform(env)).toThrow(/KAFKA_BROKERS and SCHEMA_REGISTRY_URL belong together/)
  },
)

test('checksums are read in the format of sha256sum', () => {
  const sum = 'ab'.repeat(32)
  expect(parseChecksums(`${sum}  a-1.jar\n`)).toEqual(new Map([['a-1.jar', sum]]))
})

async function fakeJava(home: string, version: string): Promise<void> {
  await mkdir(join(folder, home, 'bin'), { recursive: true })
  await writeFile(join(folder, home, 'bin', 'java'), '')
  await writeFile(join(folder, home, 'release'), `JAVA_VERSION="${version}"\n`)
}
