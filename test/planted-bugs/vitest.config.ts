import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Runs any test file that needs no Kafka, in any folder, without global set-up. */
export default defineConfig({
  root: fileURLToPath(new URL('../../', import.meta.url)),
  test: { include: ['test/**/*.test.ts'], testTimeout: 120_000 },
})
