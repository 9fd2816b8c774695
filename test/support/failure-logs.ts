import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach } from 'vitest'
import { lastLines } from '../../deploy/local/process/process.ts'

/**
 * Logs of the stacks that the running test file has started. They outlive their stack until the file has ended: what the
 * services of a failed test said last is the one trace of a failure that does not come again.
 */
export const logDirectories = new Set<string>()

afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return
  for (const directory of logDirectories)
    for (const file of await readdir(directory).catch(() => []))
      process.stderr.write(
        `End of ${file}, of the failed test "${task.name}":\n${await lastLines(join(directory, file), 25)}\n`,
      )
})

afterAll(async () => {
  if (process.env.HOOKLINE_KEEP_LOGS === 'true') return
  for (const directory of logDirectories) await rm(directory, { recursive: true, force: true })
})
