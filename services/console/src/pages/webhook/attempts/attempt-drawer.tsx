import { Button, Drawer, Group, Stack, Text } from '@mantine/core'
import { IconRepeat } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { attemptQuery } from '../../../api/queries.ts'
import { useApi, useMay } from '../../../api/session.tsx'
import type { AttemptDetail, Webhook } from '../../../api/types.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { Time } from '../../../parts/figures/time.tsx'
import { Failure } from '../../../parts/page/failure.tsx'
import { PageSkeleton } from '../../../parts/page/page-skeleton.tsx'
import { Answer } from '../../../parts/requests/answer.tsx'
import { CodeBlock } from '../../../parts/requests/code-block.tsx'
import { Copyable } from '../../../parts/requests/copy-button.tsx'
import { RequestBlocks } from '../../../parts/requests/request-blocks.tsx'
import { OutcomeBadge } from '../../../parts/states/outcome-badge.tsx'
import { findPath } from '../../find/find-paths.ts'
import { useStartReplay } from '../replays/use-replay.ts'
import { useResendObstacle } from '../use-resend-obstacle.ts'
import { attemptsPath } from './attempts-path.ts'

type Props = { webhook: Webhook; attemptId: string | null; onClose: () => void }

/** One attempt in full: the request, the response, and what happens next. */
export function AttemptDrawer({ webhook, attemptId, onClose }: Props) {
  const { t } = useTranslation()
  return (
    <Drawer
      opened={attemptId !== null}
      onClose={onClose}
      position="right"
      size="lg"
      title={t('attempt.title')}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      {attemptId !== null && <Loaded webhook={webhook} attemptId={attemptId} onClose={onClose} />}
    </Drawer>
  )
}

function Loaded({ webhook, attemptId, onClose }: Props & { attemptId: string }) {
  const { data, error, refetch } = useQuery(attemptQuery(useApi(), webhook.businessId, webhook.id, attemptId))
  if (error) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton rows={[30, 120, 200]} />
  return <Detail webhook={webhook} attempt={data} onClose={onClose} />
}

function Detail({ webhook, attempt, onClose }: { webhook: Webhook; attempt: AttemptDetail; onClose: () => void }) {
  const { t } = useTranslation()
  const { duration } = useFormats()
  const mayWrite = useMay('webhooks:write')
  const start = useStartReplay(webhook)
  const obstacle = useResendObstacle(webhook)
  const mayResend = mayWrite && !attempt.test
  const { outcome, status, cause, latencyMs, excerpt, deliveryId, next, nextAttemptAt, responseHeaders } = attempt
  return (
    <Stack>
      <Group gap="sm">
        <OutcomeBadge outcome={outcome} detail={status ?? cause} />
        <Time at={attempt.at} exact />
        {latencyMs !== null && <Text size="sm">{duration(latencyMs)}</Text>}
      </Group>
      <Text size="sm">
        {t('attempt.number', { number: attempt.attempt })} · {t(`attempt.next.${next}`)}{' '}
        {nextAttemptAt !== null && <Time at={nextAttemptAt} />}
      </Text>
      <Copyable text={deliveryId} label={t('attempts.delivery')}>
        <Text size="sm" ff="monospace">
          {deliveryId}
        </Text>
      </Copyable>
      <Group gap="sm">
        {mayResend && (
          <Button
            leftSection={<IconRepeat size={16} aria-hidden />}
            loading={start.isPending}
            disabled={obstacle !== null}
            onClick={() => start.mutate({ deliveryId }, { onSuccess: onClose })}
          >
            {t('attempt.again')}
          </Button>
        )}
        <Button component={Link} variant="default" to={attemptsPath(webhook, { deliveryId })}>
          {t('attempt.all')}
        </Button>
        {!attempt.test && (
          <Button component={Link} variant="default" to={findPath(webhook.businessId, deliveryId)}>
            {t('story.happened')}
          </Button>
        )}
      </Group>
      {mayResend && obstacle !== null && (
        <Text size="sm" c="dimmed">
          {t(`replay.${obstacle}`)}
        </Text>
      )}
      {outcome === 'rejected' ? (
        <Text size="sm">{t('attempt.notSent')}</Text>
      ) : (
        <>
          {responseHeaders !== null && <CodeBlock label={t('test.answerHeaders')} text={responseHeaders} />}
          <Answer status={status} excerpt={excerpt} />
        </>
      )}
      <RequestBlocks
        request={attempt.request}
        title={t(outcome === 'rejected' ? 'attempt.unsent' : 'attempt.request')}
      />
    </Stack>
  )
}
