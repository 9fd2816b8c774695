// npm run check: types, lint and format, then the rules that no compiler knows. Runs all and fails if any does.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { root } from './built.ts'

const steps = [
  { name: 'types', script: 'node_modules/typescript/bin/tsc', args: ['-p', '.'] },
  // The console runs in browsers: other libraries and another module resolution.
  { name: 'types of the console', script: 'node_modules/typescript/bin/tsc', args: ['-p', 'services/console'] },
  { name: 'lint and format', script: 'node_modules/@biomejs/biome/bin/biome', args: ['ci', '.'] },
  {
    name: 'architecture, names of tests, schema history',
    script: 'node_modules/vitest/vitest.mjs',
    args: ['run', ...['architecture', 'test-names', 'schema-history'].map((name) => `test/unit/${name}.test.ts`)],
  },
]

const failed: string[] = []
for (const { name, script, args } of steps) {
  process.stdout.write(`\n== ${name}\n`)
  const child = spawn(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) failed.push(name)
  process.stdout.write(`== ${name}: ${code === 0 ? 'ok' : 'FAILED'}\n`)
}
process.stdout.write(failed.length === 0 ? '\nAll checks passed.\n' : `\nFailed: ${failed.join(', ')}\n`)
process.exitCode = failed.length === 0 ? 0 : 1
