import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { FigureLines, type Report, summarize } from './summary.ts'

/**
 * npm run guarantees [-- <number>...] [--json]: every guarantee of the suite, or those named, at full size.
 * With --json the last line is {passed, failed, skipped, results: [{id, ok, figure}]}.
 */
const root = fileURLToPath(new URL('../../', import.meta.url))
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')

async function main(args: string[]): Promise<number> {
  const numbers = args.filter((arg) => arg !== '--json')
  if (!numbers.every((number) => /^\d{1,2}$/.test(number))) {
    process.stderr.write('usage: npm run guarantees [-- <number>...] [--json]\n')
    return 64
  }
  const folder = await mkdtemp(join(tmpdir(), 'hookline-guarantees-'))
  const reportFile = join(folder, 'report.json')
  const figures = new FigureLines()
  try {
    const code = await runVitest(filesOf(numbers), reportFile, (line) => {
      figures.take(line)
      process.stdout.write(`${line}\n`)
    })
    const text = await readFile(reportFile, 'utf8').catch(() => null)
    if (text === null) {
      process.stderr.write('interrupted: there is no report\n')
      return code || 1
    }
    const report = JSON.parse(text) as Report
    const summary = summarize(report, figures)
    for (const { id, ok, figure } of summary.results) {
      const verdict = ok === null ? 'skipped' : ok ? 'yes' : 'NO'
      process.stdout.write(`${String(id).padStart(2)}  ${verdict.padEnd(7)}  ${figure}\n`)
    }
    if (args.includes('--json')) process.stdout.write(`${JSON.stringify(summary)}\n`)
    return code === 0 && summary.failed > 0 ? 1 : code
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function filesOf(numbers: string[]): string[] {
  if (numbers.length === 0) return ['test/guarantees/']
  return numbers.map((number) => `test/guarantees/${number.padStart(2, '0')}-`)
}

/** @returns vitest's exit code; 1 when a signal ended it. */
function runVitest(files: string[], reportFile: string, onLine: (line: string) => void): Promise<number> {
  const env = { ...process.env, HOOKLINE_GUARANTEES: 'full', HOOKLINE_TEST_JSON: reportFile }
  const child = spawn(process.execPath, [...process.execArgv, vitest, 'run', '--project', 'kafka', ...files], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  createInterface({ input: child.stdout }).on('line', onLine)
  // Forwards signals, because the child has a broker and services to stop.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)))
}

process.exitCode = await main(process.argv.slice(2))
