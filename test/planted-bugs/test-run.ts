import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Part of vitest's JSON report. */
type Report = { testResults: { name: string; message?: string; assertionResults: { status: string }[] }[] }

/** failed: at least one of its tests failed; late: it had not ended at its time limit; broken: no test was run. */
export type FileVerdict = 'passed' | 'failed' | 'late' | 'broken'

/**
 * Runs test files of a copy of the repository.
 * @param kafka uses the project's own set-up; without it no Kafka is started, and files of any folder may be run.
 * @param limitMs a bug may keep a simulation from ending.
 * @returns results by file; all are late if they had not ended together at their time limit.
 */
export async function runTests(
  root: string,
  files: string[],
  kafka: boolean,
  env: NodeJS.ProcessEnv,
  limitMs: number,
): Promise<Map<string, FileVerdict>> {
  const reportFile = join(root, 'planted-bugs-report.json')
  await rm(reportFile, { force: true })
  const how = kafka ? ['--project', 'kafka'] : ['--config', join(root, 'test/planted-bugs/vitest.config.ts')]
  const args = ['run', ...how, '--reporter=json', `--outputFile=${reportFile}`, ...files]
  const child = spawn(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args], {
    cwd: root,
    env: { ...env, HOOKLINE_TEST_JSON: '' },
    stdio: 'ignore',
  })
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    // vitest then ends by itself with an exit code.
    child.kill('SIGTERM')
  }, limitMs)
  await once(child, 'exit')
  clearTimeout(timer)
  if (isLate) return new Map(files.map((file) => [file, 'late']))
  const report = await readFile(reportFile, 'utf8').catch(() => null)
  if (report === null) return new Map(files.map((file) => [file, 'broken']))
  const { testResults } = JSON.parse(report) as Report
  return new Map(files.map((file) => [file, verdictOf(testResults.find(({ name }) => name.endsWith(file)))]))
}

export function verdictOf(result: Report['testResults'][number] | undefined): FileVerdict {
  if (!result || result.assertionResults.length === 0) return 'broken'
  return result.assertionResults.some(({ status }) => status === 'failed') ? 'failed' : 'passed'
}
