import { Alert, Anchor, Button, Group, Progress, Text } from '@mantine/core'
import { IconHandStop } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { blockMs } from '../../../../../domain/delivery/webhook-snapshot.ts'
import { keys } from '../../../api/keys.ts'
import { useMay } from '../../../api/session.tsx'
import type { Status, Webhook } from '../../../api/types.ts'
import { countdown } from '../../../format/format.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { useNow } from '../../../format/use-now.ts'
import { pagePath } from '../page-path.ts'
import { useActions } from '../use-actions.ts'
import classes from './blocked-banner.module.css'
import { LastError } from './last-error.tsx'

/** Shown while the breaker is open: the time left, what happens to notifications meanwhile, and what happens then. */
export function BlockedBanner({ webhook, status }: { webhook: Webhook; status: Status }) {
  const { t } = useTranslation()
  const { clock, count } = useFormats()
  const queries = useQueryClient()
  const mayWrite = useMay('webhooks:write')
  const { probe, keepNew } = useActions(webhook)
  const now = useNow(250)
  const untilMs = status.blockedUntil === null ? null : Date.parse(status.blockedUntil)
  const leftMs = untilMs === null ? 0 : untilMs - now
  const isWaiting = status.state === 'blocked' && untilMs !== null && leftMs > 0
  // The time is up. The status has changed without an announcement.
  useEffect(() => {
    if (!isWaiting) void queries.invalidateQueries({ queryKey: keys.stats(webhook.businessId, webhook.id) })
  }, [isWaiting, queries, webhook.businessId, webhook.id])
  return (
    <Alert
      mb="md"
      color="red"
      variant="outline"
      icon={<IconHandStop aria-hidden />}
      title={isWaiting ? t('blocked.title', { time: clock(untilMs) }) : t('blocked.probing')}
    >
      {isWaiting && (
        <div className={classes.left}>
          <span className={classes.countdown} role="timer" aria-label={t('blocked.left')}>
            {countdown(leftMs)}
          </span>
          <Progress
            value={Math.min(100, (leftMs / blockMs) * 100)}
            flex={1}
            color="red"
            aria-label={t('blocked.left')}
          />
        </div>
      )}
      <Text size="sm">
        {t('blocked.why')} {t(webhook.whenBlocked === 'park' ? 'blocked.park' : 'blocked.reject')}
        {webhook.whenBlocked === 'reject' && status.undelivered > 0 && (
          <> {t('dead.left', { count: status.undelivered, n: count(status.undelivered) })}</>
        )}
        {status.parked !== null && status.parked > 0 && (
          <> {t('blocked.parked', { count: status.parked, n: count(status.parked) })}</>
        )}
      </Text>
      <LastError webhook={webhook} />
      <Text size="sm">
        {t(isWaiting ? 'blocked.then' : 'blocked.probingText')}{' '}
        <Anchor component={Link} size="sm" underline="always" to={pagePath(webhook, 'errors')}>
          {t('banner.toErrors')}
        </Anchor>
      </Text>
      {mayWrite && isWaiting && (
        <Group gap="xs" mt="sm">
          <Button size="xs" loading={probe.isPending} onClick={() => probe.mutate()}>
            {t('blocked.probe')}
          </Button>
          {webhook.whenBlocked === 'reject' && (
            <Button size="xs" variant="default" loading={keepNew.isPending} onClick={() => keepNew.mutate()}>
              {t('blocked.keepNew')}
            </Button>
          )}
        </Group>
      )}
    </Alert>
  )
}
