import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach } from 'vitest'
import { lastLines } from '../../deploy/local/process/process.ts'

/**
 * Logs of the stacks started by the running test file. They are kept until the file has ended: the last lines of the
 * services are the only trace of a failure that does not occur again.
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
