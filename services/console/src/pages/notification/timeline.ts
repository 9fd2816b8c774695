import type { AttemptDetail, DeadLetterEntry, NotificationStory } from '../../api/types.ts'

/** One step in the story of a notification. */
export type StoryStep =
  | { kind: 'published' | 'formatted' | 'notMade' | 'next'; at: string | null }
  | { kind: 'attempt'; at: string; attempt: AttemptDetail }
  | { kind: 'givenUp'; at: string; letter: DeadLetterEntry }
  | { kind: 'replay'; at: string; replayId: string }

type Told = Pick<
  NotificationStory,
  'at' | 'formattedAt' | 'fate' | 'tries' | 'deadLetters' | 'replays' | 'nextAttemptAt'
>

/** The story in the order of time: the event first, what is to come last. */
export function toTimeline({ at, formattedAt, fate, tries, deadLetters, replays, nextAttemptAt }: Told): StoryStep[] {
  const happened: (StoryStep & { at: string })[] = [
    ...tries.map((attempt) => ({ kind: 'attempt' as const, at: attempt.at, attempt })),
    ...deadLetters.map((letter) => ({ kind: 'givenUp' as const, at: letter.at, letter })),
    ...replays.map((replay) => ({ kind: 'replay' as const, ...replay })),
  ]
  happened.sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
  return [
    { kind: 'published', at },
    ...(formattedAt === null ? [] : [{ kind: 'formatted' as const, at: formattedAt }]),
    ...(fate === 'notSent' && formattedAt === null ? [{ kind: 'notMade' as const, at: null }] : []),
    ...happened,
    ...(nextAttemptAt === null ? [] : [{ kind: 'next' as const, at: nextAttemptAt }]),
  ]
}
