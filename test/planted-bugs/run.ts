import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startPlatform } from '../../deploy/local/platform/platform.ts'
import { type PlantedBug, plantedBugs } from './bugs.ts'
import { plant, staleness } from './plant.ts'
import { runTests } from './test-run.ts'

/**
 * npm run planted-bugs [-- --all] [-- <words>]: puts known bugs into a copy of the repository, one at a time, and runs
 * the tests that must notice them (guarantees.md, 39). --all includes bugs whose tests need Kafka; words select bugs by
 * name.
 * The last line is JSON: {"planted", "caught", "missed": [names]}. Exit code 0 only if every bug is caught.
 */
const root = fileURLToPath(new URL('../../', import.meta.url))
/** Seeds of the simulation: enough to meet each of the bugs below; all seeds would take ten times as long. */
const simulationSeeds = '60'
const pipelineSeeds = '60'

/** Time limit of the tests of one bug. A bug that keeps them from ending has been noticed. */
const bugLimitMs = 300_000
/** Time limit of each file before any bug is planted; they run together. */
const soundFileLimitMs = 120_000

type Result = { bug: PlantedBug; missedBy: string[] }

async function main(args: string[]): Promise<number> {
  const words = args.filter((arg) => arg !== '--all')
  const chosen = plantedBugs.filter(({ name, kafka }) => {
    const named = words.every((word) => name.includes(word))
    return named && (!kafka || args.includes('--all'))
  })
  const copy = await mkdtemp(join(tmpdir(), 'hookline-planted-'))
  try {
    copyTo(copy)
    const env = {
      ...process.env,
      HOOKLINE_SIMULATION_SEEDS: simulationSeeds,
      HOOKLINE_PIPELINE_SEEDS: pipelineSeeds,
    }
    const results = [
      ...(await plantAll(
        chosen.filter(({ kafka }) => !kafka),
        copy,
        env,
      )),
      ...(await plantAllWithKafka(
        chosen.filter(({ kafka }) => kafka),
        copy,
        env,
      )),
    ]
    const missed = results.filter(({ missedBy }) => missedBy.length > 0).map(({ bug }) => bug.name)
    print(JSON.stringify({ planted: results.length, caught: results.length - missed.length, missed }))
    return missed.length === 0 && results.length > 0 ? 0 : 1
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

/** Files that git tracks or would add, as they are now. */
function copyTo(copy: string): void {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root })
  for (const file of listed.toString().split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true })
    cpSync(join(root, file), join(copy, file), { force: true, recursive: true, verbatimSymlinks: true })
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir')
}

async function plantAllWithKafka(bugs: PlantedBug[], copy: string, env: NodeJS.ProcessEnv): Promise<Result[]> {
  if (bugs.length === 0) return []
  await using platform = await startPlatform({ progress: print })
  const { brokers, schemaRegistryUrl } = platform
  const given = { KAFKA_BROKERS: brokers.join(','), SCHEMA_REGISTRY_URL: schemaRegistryUrl }
  // Awaited here, because returning closes the platform.
  return await plantAll(bugs, copy, { ...env, ...given })
}

async function plantAll(bugs: PlantedBug[], copy: string, env: NodeJS.ProcessEnv): Promise<Result[]> {
  if (bugs.length === 0) return []
  const isKafka = bugs.some(({ kafka }) => kafka === true)
  // A test that fails without any bug catches nothing.
  const files = [...new Set(bugs.flatMap(({ caughtBy }) => caughtBy))]
  const sound = await runTests(copy, files, isKafka, env, files.length * soundFileLimitMs)
  for (const [file, verdict] of sound) if (verdict !== 'passed') throw new Error(`${file} ${verdict} without any bug`)
  const results: Result[] = []
  for (const bug of bugs) {
    const missedBy = await plantOne(bug, copy, isKafka, env)
    print(missedBy.length === 0 ? `caught   ${bug.name}` : `MISSED   ${bug.name}: ${missedBy.join(', ')}`)
    results.push({ bug, missedBy })
  }
  return results
}

/** @returns the tests that have not noticed it, or why it could not be planted. */
async function plantOne(bug: PlantedBug, copy: string, kafka: boolean, env: NodeJS.ProcessEnv): Promise<string[]> {
  const stale = staleness(bug, copy)
  if (stale !== null) return [stale]
  using _planted = plant(bug, copy)
  const verdicts = await runTests(copy, bug.caughtBy, kafka, env, bugLimitMs)
  return [...verdicts]
    .filter(([, verdict]) => verdict !== 'failed' && verdict !== 'late')
    .map(([file, verdict]) => `${file} ${verdict}`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

process.exitCode = await main(process.argv.slice(2))
