import { Alert, Button, Text } from '@mantine/core'
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { useMay } from '../../../api/session.tsx'
import type { Status, Webhook } from '../../../api/types.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { useActions } from '../use-actions.ts'

/** Shown while a webhook is paused: since when, what waits, until when it is kept, and the way back. */
export function PausedBanner({ webhook, status }: { webhook: Webhook; status: Status }) {
  const { t } = useTranslation()
  const { time, count } = useFormats()
  const { setPaused } = useActions(webhook)
  const mayWrite = useMay('webhooks:write')
  const parked = status.parked ?? 0
  return (
    <Alert mb="md" color="blue" variant="outline" title={t('banner.paused')} icon={<IconPlayerPause aria-hidden />}>
      <Text size="sm">
        {status.pausedAt && t('banner.pausedSince', { time: time(status.pausedAt) })}{' '}
        {parked > 0 && t('banner.pausedWaiting', { count: parked, n: count(parked) })}
      </Text>
      <Text size="sm">{status.keptUntil && t('banner.keptUntil', { time: time(status.keptUntil) })}</Text>
      {mayWrite && (
        <Button
          mt="sm"
          size="xs"
          leftSection={<IconPlayerPlay size={14} aria-hidden />}
          loading={setPaused.isPending}
          onClick={() => setPaused.mutate(false)}
        >
          {t('webhook.resume')}
        </Button>
      )}
    </Alert>
  )
}
