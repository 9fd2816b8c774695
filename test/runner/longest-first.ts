import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Test files that take about a minute or more, the longest first. Begun early, none of them is left to run alone at the
 * end. By itself vitest orders files by the durations of the last run, which a fresh clone does not have, or else by size.
 */
export const longFiles: readonly string[] = [
  'test/unit/dispatcher/http/odd-answers.test.ts',
  'test/unit/dispatcher/engine/simulation.test.ts',
  'test/unit/event-fuzz.test.ts',
  'test/browser/console.test.ts',
  'test/guarantees/59-versions-side-by-side.test.ts',
  'test/guarantees/56-three-brokers.test.ts',
  'test/guarantees/58-connections.test.ts',
  'test/guarantees/20-restart-while-blocked.test.ts',
  'test/browser/admin-alone.test.ts',
  'test/e2e/migrate.test.ts',
  'test/guarantees/03-kill-broker.test.ts',
  'test/guarantees/57-rights.test.ts',
  'test/browser/looking-up.test.ts',
  'test/guarantees/09-orderly-stops.test.ts',
  'test/guarantees/64-looking-up.test.ts',
  'test/guarantees/14-exits-rather-than-idles.test.ts',
  'test/guarantees/16-edits-act-at-once.test.ts',
  'test/e2e/start.test.ts',
  'test/e2e/producer.test.ts',
  'test/guarantees/51-recreated-logs.test.ts',
  'test/e2e/topic-tools.test.ts',
]

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rankOf = ({ moduleId }: TestSpecification) => {
      const rank = longFiles.findIndex((file) => moduleId.endsWith(file))
      return rank < 0 ? longFiles.length : rank
    }
    // Groups of projects keep their order: it is a stable sort within each.
    const groups = Map.groupBy(sorted, ({ project }) => project.config.sequence.groupOrder)
    return [...groups.values()].flatMap((group) => group.sort((a, b) => rankOf(a) - rankOf(b)))
  }
}
