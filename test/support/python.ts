import { spawnSync } from 'node:child_process'

/** The Python whose libraries some tests speak to; with its modules as test/e2e/requirements.txt names them. */
export const python = process.env.HOOKLINE_TEST_PYTHON ?? 'python3'

/** @returns why Python cannot import the modules; null when it can. */
export function lackOf(...modules: string[]): string | null {
  const ran = spawnSync(python, ['-c', `import ${modules.join(', ')}`], { encoding: 'utf8' })
  if (ran.status === 0) return null
  const reason = ran.error?.message ?? ran.stderr.trim().split('\n').at(-1)
  return `${python} (HOOKLINE_TEST_PYTHON) lacks modules: ${reason}`
}
