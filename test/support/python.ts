import { spawnSync } from 'node:child_process'

/** The Python that some tests use, with the modules of test/e2e/requirements.txt. */
export const python = process.env.HOOKLINE_TEST_PYTHON ?? 'python3'

/** @returns why Python cannot import the modules, or null. */
export function lackOf(...modules: string[]): string | null {
  const ran = spawnSync(python, ['-c', `import ${modules.join(', ')}`], { encoding: 'utf8' })
  if (ran.status === 0) return null
  const reason = ran.error?.message ?? ran.stderr.trim().split('\n').at(-1)
  return `${python} (HOOKLINE_TEST_PYTHON) lacks modules: ${reason}`
}
