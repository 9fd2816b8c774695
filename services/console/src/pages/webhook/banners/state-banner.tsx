import { Anchor, List, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { Status, Webhook } from '../../../api/types.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { ActivationNotice } from '../../webhook-list/activation-notice.tsx'
import { pagePath } from '../page-path.ts'
import { Banner } from './banner.tsx'
import { BlockedBanner } from './blocked-banner.tsx'
import { ConflictBanner } from './conflict-banner.tsx'
import { PausedBanner } from './paused-banner.tsx'
import { ResendUndelivered } from './resend-undelivered.tsx'

/** Explains a state other than healthy: the cause, and what to do about it. */
export function StateBanner({ webhook, status }: { webhook: Webhook; status: Status }) {
  const { t } = useTranslation()
  const { time } = useFormats()
  switch (status.state) {
    case 'healthy':
    case 'idle':
      return null
    case 'blocked':
    case 'probing':
      return <BlockedBanner webhook={webhook} status={status} />
    case 'not-activated':
      return <ActivationNotice />
    case 'failing':
      // The latest request succeeded. Only the half hour as a whole still counts as failing.
      if (status.failingSince === null) return <Recovering webhook={webhook} status={status} />
      return (
        <Banner title={t('banner.failing')}>
          {t('banner.failingSince', { time: time(status.failingSince) })}{' '}
          {status.failures > 0 && <>{t('banner.failingText', { count: status.failures })} </>}
          <Anchor component={Link} size="sm" underline="always" to={pagePath(webhook, 'errors')}>
            {t('banner.toErrors')}
          </Anchor>
        </Banner>
      )
    case 'degraded':
      return (
        <Banner title={t('banner.degraded')}>
          {t('banner.degradedText')}{' '}
          <Anchor component={Link} size="sm" underline="always" to={pagePath(webhook, 'errors')}>
            {t('banner.toErrors')}
          </Anchor>
          <ResendUndelivered webhook={webhook} status={status} />
        </Banner>
      )
    case 'paused':
      return <PausedBanner webhook={webhook} status={status} />
    case 'throttled':
      return (
        <Banner title={t('banner.throttled')}>
          {status.pausedUntil && t('banner.throttledText', { time: time(status.pausedUntil) })}
        </Banner>
      )
    case 'conflict':
      return <ConflictBanner webhook={webhook} conflicts={status.conflicts} />
    case 'invalid':
      return (
        <Banner title={t('banner.invalid')}>
          {t('banner.invalidText')}
          <List size="sm" mt={4}>
            {status.problems.map((problem) => (
              <List.Item key={problem}>{problem}</List.Item>
            ))}
          </List>
        </Banner>
      )
    case 'off':
      return status.disabledReason === null ? null : (
        <Banner title={t('banner.switchedOff')}>
          <Text size="sm">{status.disabledReason}</Text>
          {t('banner.switchedOffText')}
        </Banner>
      )
  }
}

function Recovering({ webhook, status }: { webhook: Webhook; status: Status }) {
  const { t } = useTranslation()
  return (
    <Banner title={t('banner.recovering')}>
      {t('banner.recoveringText')}{' '}
      <Anchor component={Link} size="sm" underline="always" to={pagePath(webhook, 'dead-letters')}>
        {t('banner.toGivenUp')}
      </Anchor>
      <ResendUndelivered webhook={webhook} status={status} />
    </Banner>
  )
}
