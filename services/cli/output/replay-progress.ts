import { Presets, SingleBar } from 'cli-progress'
import type { ReplayProgress } from '../../domain/api/replays.ts'
import type { Terminal } from '../terminal.ts'

const pollMs = 500
/** Polls between two lines of progress, where no bar is shown; the last line is always written. */
const lineEveryPolls = 10

/**
 * Polls until every notification has its outcome, or Ctrl-C ends the wait (the replay continues). @returns the last
 * answer.
 */
export async function watchReplay(
  { clock, interactive, interrupted, err }: Terminal,
  ask: () => Promise<ReplayProgress>,
): Promise<ReplayProgress> {
  const format = '{bar} {percentage} % | {value} of {total} | {outcomes}'
  const bar = interactive
    ? new SingleBar({ format, hideCursor: true, clearOnComplete: true }, Presets.shades_classic)
    : null
  try {
    for (let polls = 0; ; polls++) {
      const progress = await ask()
      const done = countDone(progress)
      if (polls === 0) bar?.start(progress.count, done, { outcomes: '' })
      bar?.update(done, { outcomes: outcomesLine(progress) })
      const isOver = done >= progress.count || progress.stopped || interrupted.aborted
      if (!bar && (isOver || polls % lineEveryPolls === 0))
        err(`${done} of ${progress.count} done; ${outcomesLine(progress)}\n`)
      if (isOver) return progress
      await clock.sleep(pollMs, interrupted)
    }
  } finally {
    bar?.stop()
  }
}

function countDone({ count, waiting, retrying }: ReplayProgress): number {
  return count - waiting - retrying
}

function outcomesLine({ outcomes, retrying }: ReplayProgress): string {
  const parts = [...Object.entries(outcomes), ['retrying', retrying] as const].filter(([, n]) => n > 0)
  return parts.map(([name, n]) => `${n} ${name}`).join(', ')
}
