import { memo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { ListedWebhook } from '../../api/types.ts'
import { useFormats } from '../../format/use-formats.ts'
import { Sparkline } from '../../parts/figures/sparkline.tsx'
import { StateBadge } from '../../parts/states/state-badge.tsx'
import { successRate } from './find.ts'
import classes from './list.module.css'

const shownChannels = 3

/** Summary of one webhook. The whole card is the area of the name's link. */
export const WebhookCard = memo(function WebhookCard({ webhook }: { webhook: ListedWebhook }) {
  const { t } = useTranslation()
  const { clock, count, percent } = useFormats()
  const { id, name, url, channels, status, lastHour } = webhook
  const attempts = lastHour.success + lastHour.slow + lastHour.error + lastHour.rejected
  const failed = lastHour.error + lastHour.rejected
  const rate = successRate(lastHour)
  const until = status.blockedUntil ?? status.pausedUntil
  return (
    <li className={classes.card}>
      <div className={classes.about}>
        <div className={classes.head}>
          <Link className={classes.name} to={encodeURIComponent(id)}>
            {name}
          </Link>
          <StateBadge state={status.state} />
          {until !== null && (status.state === 'blocked' || status.state === 'throttled') && (
            <span className={classes.until}>{t('list.until', { time: clock(Date.parse(until)) })}</span>
          )}
        </div>
        <div className={classes.url}>{url}</div>
        <div className={classes.channels}>
          {channels.length === 0 && t('list.noChannels')}
          {channels.slice(0, shownChannels).map((channel) => (
            <span key={channel} className={classes.channel}>
              {channel}
            </span>
          ))}
          {channels.length > shownChannels && t('list.moreChannels', { count: channels.length - shownChannels })}
        </div>
      </div>
      <div className={classes.figures}>
        <Sparkline byOutcome={lastHour.byOutcome} label={t('list.lastHour', { count: attempts })} />
        <div className={classes.numbers}>
          {t('list.sent', { count: attempts, n: count(attempts) })}
          {rate !== null && <span>{t('list.successful', { rate: percent(rate) })}</span>}
          {failed > 0 && (
            <span className={classes.failed}>{t('list.failed', { count: failed, n: count(failed) })}</span>
          )}
        </div>
      </div>
    </li>
  )
})
