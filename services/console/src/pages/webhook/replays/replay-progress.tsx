import { Button, Group, Progress, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { isReplayOver, replayQuery } from '../../../api/queries.ts'
import { useApi, useMay } from '../../../api/session.tsx'
import type { Webhook } from '../../../api/types.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { Card } from '../../../parts/page/card.tsx'
import { Failure } from '../../../parts/page/failure.tsx'
import { outcomes } from '../overview/bins.ts'
import { useCurrentReplay, useStopReplay } from './use-replay.ts'

/** Progress of the replay that was last started in this tab. */
export function ReplayProgress({ webhook }: { webhook: Webhook }) {
  const { replayId, dismiss } = useCurrentReplay(webhook)
  return replayId === null ? null : <Running webhook={webhook} replayId={replayId} onDismiss={dismiss} />
}

function Running({ webhook, replayId, onDismiss }: { webhook: Webhook; replayId: string; onDismiss: () => void }) {
  const { t } = useTranslation()
  const { count } = useFormats()
  const mayWrite = useMay('webhooks:write')
  const stop = useStopReplay(webhook, replayId)
  const { data, error, refetch } = useQuery(replayQuery(useApi(), webhook.businessId, webhook.id, replayId))
  if (!data) return error ? <Failure error={error} onRetry={() => void refetch()} /> : null
  const done = data.count - data.waiting - data.retrying
  const share = (n: number) => (data.count === 0 ? 0 : (n / data.count) * 100)
  const isOver = isReplayOver(data)
  const notSent = data.waiting + data.retrying
  return (
    <Card
      title={t(data.stopped ? 'replay.stopped' : isOver ? 'replay.over' : 'replay.running')}
      aside={
        <Group gap="xs">
          {mayWrite && !isOver && (
            <Button size="xs" variant="default" loading={stop.isPending} onClick={() => stop.mutate()}>
              {t('replay.stop')}
            </Button>
          )}
          <Button size="xs" variant="default" onClick={onDismiss}>
            {t('replay.dismiss')}
          </Button>
        </Group>
      }
    >
      <Progress.Root size="lg">
        {outcomes.map((outcome) => (
          <Progress.Section
            key={outcome}
            value={share(data.outcomes[outcome])}
            color={`var(--${outcome})`}
            aria-label={t(`outcome.${outcome}`)}
          />
        ))}
      </Progress.Root>
      <Group gap="md" mt="xs" role="status" data-testid="replay-progress">
        <Text size="sm" fw={600}>
          {t('replay.done', { done: count(done), total: count(data.count) })}
        </Text>
        {outcomes
          .filter((outcome) => data.outcomes[outcome] > 0)
          .map((outcome) => (
            <Text key={outcome} size="sm">
              {t(`outcome.${outcome}`)}: {count(data.outcomes[outcome])}
            </Text>
          ))}
        {data.stopped && notSent > 0 && (
          <Text size="sm">{t('replay.notSent', { count: notSent, n: count(notSent) })}</Text>
        )}
        {data.retrying > 0 && !data.stopped && (
          <Text size="sm">{t('replay.retrying', { count: data.retrying, n: count(data.retrying) })}</Text>
        )}
      </Group>
    </Card>
  )
}
