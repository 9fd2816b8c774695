import { defineConfig } from 'vitest/config'
import { kafkajsFlags } from './deploy/local/stack/memory.ts'
import { LongestFirst } from './test/runner/longest-first.ts'

const oneMinuteMs = 60_000
// At full size a single case may play thousands of worlds (test/support/guarantee-size.ts).
const isFullSize = process.env.HOOKLINE_GUARANTEES === 'full'
const kafkaTestMs = (isFullSize ? 30 : 4) * oneMinuteMs
/** How long `expect.poll` tries: a second, its default, is a measurement on a busy machine. */
const polling = { poll: { timeout: 50_000 } }

export default defineConfig({
  test: {
    // A second report for .ci/run; the first is for people.
    reporters: process.env.HOOKLINE_TEST_JSON ? ['default', 'json'] : ['default'],
    ...(process.env.HOOKLINE_TEST_JSON && { outputFile: { json: process.env.HOOKLINE_TEST_JSON } }),
    sequence: { sequencer: LongestFirst },
    // The end of Kafka and the registry.
    teardownTimeout: oneMinuteMs,
    projects: [
      {
        test: {
          name: 'pure',
          include: ['test/{unit,contract}/**/*.test.ts'],
          // A file on every core: vitest would leave one of them to itself, half of a machine with two.
          maxWorkers: '100%',
          // A safety net, not a measurement: some cases take half a minute of CPU, and other work may be beside them.
          testTimeout: 5 * oneMinuteMs,
          hookTimeout: oneMinuteMs,
          expect: polling,
        },
      },
      {
        test: {
          name: 'kafka',
          include: ['test/{cluster,e2e,guarantees,browser}/**/*.test.ts'],
          // Starts the one Kafka that all of these share, and only when at least one of them is to run.
          globalSetup: ['test/support/global-kafka.ts'],
          setupFiles: ['test/support/failure-logs.ts'],
          execArgv: kafkajsFlags,
          // Three files at a time, each with services of its own: on two cores a file needs less than half a core, because for
          // most of its time it waits for timeouts and pauses. At full size nothing runs beside what is measured.
          maxWorkers: isFullSize ? 1 : 3,
          // After the other project: its tests keep all cores busy.
          sequence: { groupOrder: 1 },
          testTimeout: kafkaTestMs,
          expect: polling,
          // Some start a Kafka of their own.
          hookTimeout: kafkaTestMs,
        },
      },
    ],
  },
})
