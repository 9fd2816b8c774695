import { Group, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { AttemptDetail, NotificationStory } from '../../api/types.ts'
import { useFormats } from '../../format/use-formats.ts'
import { Time } from '../../parts/figures/time.tsx'
import { Answer } from '../../parts/requests/answer.tsx'
import { RequestBlocks } from '../../parts/requests/request-blocks.tsx'
import { useFateReason } from '../../parts/states/fate-badge.tsx'
import { OutcomeBadge } from '../../parts/states/outcome-badge.tsx'
import classes from './notification.module.css'
import { type StoryStep, toTimeline } from './timeline.ts'

/** Everything that happened to a notification, oldest first, and what is to come. */
export function Timeline({ story }: { story: NotificationStory }) {
  const steps = toTimeline(story)
  return (
    <ol className={classes.timeline}>
      {steps.map((step) => (
        <li key={`${step.kind} ${step.at} ${step.kind === 'attempt' ? step.attempt.id : ''}`}>
          <StepText step={step} story={story} />
        </li>
      ))}
    </ol>
  )
}

function StepText({ step, story }: { step: StoryStep; story: NotificationStory }) {
  const { t } = useTranslation()
  const toReason = useFateReason()
  switch (step.kind) {
    case 'attempt':
      return <Attempt attempt={step.attempt} isLast={step.attempt.id === story.tries.at(-1)?.id} />
    case 'givenUp':
      return <Line at={step.at} text={`${t('story.givenUp')}: ${t(`dead.reasons.${step.letter.reason}`)}`} />
    case 'notMade':
      return <Text size="sm">{`${t('story.notMade')}: ${toReason(story)}`}</Text>
    case 'formatted':
      return <Line at={step.at} text={t('story.formatted', { version: story.definitionVersion })} />
    case 'published':
    case 'replay':
    case 'next':
      return <Line at={step.at} text={t(`story.${step.kind}`)} />
  }
}

function Line({ at, text }: { at: string | null; text: string }) {
  return (
    <Text size="sm">
      {at !== null && <Time at={at} />} · {text}
    </Text>
  )
}

/** @param isLast whether it is shown with its request and answer at once. */
function Attempt({ attempt, isLast }: { attempt: AttemptDetail; isLast: boolean }) {
  const { t } = useTranslation()
  const { duration } = useFormats()
  const { at, outcome, status, cause, latencyMs, excerpt, replayId, request } = attempt
  return (
    <Stack gap={4}>
      <Group gap="sm">
        <Text size="sm">
          <Time at={at} /> · {t('attempt.number', { number: attempt.attempt })}
          {replayId !== null && ` · ${t('attempts.replay')}`}
        </Text>
        <OutcomeBadge outcome={outcome} detail={status ?? cause} />
        {latencyMs !== null && <Text size="sm">{duration(latencyMs)}</Text>}
      </Group>
      {outcome !== 'success' && outcome !== 'slow' && outcome !== 'rejected' && isLast && (
        <Answer status={status} excerpt={excerpt} />
      )}
      <details className={classes.details}>
        <summary>{t('story.request')}</summary>
        <Stack gap="xs" mt="xs">
          {outcome === 'rejected' ? (
            <Text size="sm">{t('attempt.notSent')}</Text>
          ) : (
            !isLast && <Answer status={status} excerpt={excerpt} />
          )}
          <RequestBlocks request={request} title={t(outcome === 'rejected' ? 'attempt.unsent' : 'attempt.request')} />
        </Stack>
      </details>
    </Stack>
  )
}
