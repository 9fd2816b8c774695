import { execFile } from 'node:child_process'
import { readdir, readFile, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/** Apicurio Registry 3.3 needs Java 21 or newer. Kafka 4.3 needs 17, so one Java is enough. */
const leastMajor = 21

export type Java = {
  /** Path of the executable. */
  command: string
  /** Folder suitable for JAVA_HOME. */
  home: string
  major: number
  /** Full version as reported by Java, such as `21.0.7+6`. */
  version: string
}

export type JavaSearch = { kind: 'found'; java: Java } | { kind: 'missing'; explanation: string }

/**
 * Looks in JAVA_HOME, PATH and the usual folders of Linux, macOS and SDKMAN, in this order, for a Java that is new enough.
 * @returns the first one that is new enough, or an explanation of what was found where and what is missing.
 */
export async function findJava(env: NodeJS.ProcessEnv): Promise<JavaSearch> {
  const seen: string[] = []
  for (const home of await candidateHomes(env)) {
    const java = await inspect(home)
    if (java === undefined) continue
    if (java.major >= leastMajor) return { kind: 'found', java }
    seen.push(`Java ${java.version} in ${home}`)
  }
  const found = seen.length === 0 ? 'no Java was found' : `only ${seen.join(', ')} was found`
  return {
    kind: 'missing',
    explanation: `the local Kafka and schema registry need Java ${leastMajor} or newer, ${found}; install one, or set JAVA_HOME to it`,
  }
}

/**
 * Parses the major version of a version text.
 * @param version e.g. `21.0.7+6`, `25`, `1.8.0_402`.
 * @returns NaN if the text is not a version.
 */
export function javaMajor(version: string): number {
  const [first = '', second = ''] = version.split(/[._+-]/)
  return Number.parseInt(first === '1' ? second : first, 10)
}

async function candidateHomes(env: NodeJS.ProcessEnv): Promise<string[]> {
  const home = env.HOME ?? env.USERPROFILE ?? ''
  const onPath = (env.PATH ?? '').split(delimiter).map((folder) => join(folder, '..'))
  const folders = await Promise.all([
    children('/usr/lib/jvm'),
    children('/opt/java'),
    children('/Library/Java/JavaVirtualMachines', 'Contents/Home'),
    children(join(home, 'Library/Java/JavaVirtualMachines'), 'Contents/Home'),
    children('/opt/homebrew/opt', 'libexec/openjdk.jdk/Contents/Home', 'openjdk'),
    children(join(home, '.sdkman/candidates/java')),
    children(join(home, '.jdks')),
  ])
  const given = env.JAVA_HOME ? [env.JAVA_HOME] : []
  return [...new Set([...given, ...onPath, ...folders.flat()])]
}

async function children(folder: string, below = '', prefix = ''): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names
    .filter((name) => name.startsWith(prefix))
    .toSorted()
    .map((name) => join(folder, name, below))
}

async function inspect(home: string): Promise<Java | undefined> {
  const command = join(home, 'bin', process.platform === 'win32' ? 'java.exe' : 'java')
  const exists = await stat(command).then(
    (found) => found.isFile(),
    () => false,
  )
  if (!exists) return undefined
  const version = (await versionFromRelease(home)) ?? (await versionFromCommand(command))
  return version === undefined ? undefined : { command, home, major: javaMajor(version), version }
}

/** Reads the `release` file of the JDK, which is much faster than starting a JVM. */
async function versionFromRelease(home: string): Promise<string | undefined> {
  const text = await readFile(join(home, 'release'), 'utf8').catch(() => '')
  return /^JAVA_RUNTIME_VERSION="([^"]+)"/m.exec(text)?.[1] ?? /^JAVA_VERSION="([^"]+)"/m.exec(text)?.[1]
}

async function versionFromCommand(command: string): Promise<string | undefined> {
  const output = await promisify(execFile)(command, ['-version']).catch(() => undefined)
  return /version "([^"]+)"/.exec(output?.stderr ?? '')?.[1]
}
