import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { eventNames } from '../../../../../domain/definition/definition-values.ts'
import type { Webhook } from '../../../api/types.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { Time } from '../../../parts/figures/time.tsx'
import { Card } from '../../../parts/page/card.tsx'
import { Copyable } from '../../../parts/requests/copy-button.tsx'
import classes from './settings.module.css'

/** The definition, read-only, also for people who may not change it. */
export function Settings({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation()
  const { count, duration } = useFormats()
  const wanted = eventNames.filter((name) => webhook.events[name]).map((name) => t(`form.events.${name}`))
  const none = t('settings.none')
  const rows: [string, ReactNode][] = [
    [t('form.url'), <Copyable key="url" text={webhook.url} label={t('form.url')} />],
    [t('form.channels'), webhook.channels.join(', ') || none],
    [t('form.wanted'), wanted.join(', ') || none],
    [t('form.headers'), Object.keys(webhook.headers).join(', ') || none],
    [t('form.signatures'), webhook.signatures.map((scheme) => t(`form.schemes.${scheme}`)).join(', ')],
    [
      t('form.tls'),
      Object.keys(webhook.tls ?? {})
        .map((name) => t(`form.tlsFields.${name as 'ca'}`))
        .join(', ') || none,
    ],
    [t('form.oauth2'), webhook.oauth2?.tokenUrl ?? none],
    [t('form.timeoutMs'), duration(webhook.timeoutMs)],
    [t('form.slowThresholdMs'), duration(webhook.slowThresholdMs)],
    [t('form.retryProfile'), t(`form.profiles.${webhook.retryProfile}`)],
    [t('form.whenBlocked'), t(`form.blockings.${webhook.whenBlocked}`)],
    [t('form.maxInFlight'), count(webhook.maxInFlight)],
    [
      t('form.rateLimitPerSecond'),
      webhook.rateLimitPerSecond === undefined ? t('form.noLimit') : count(webhook.rateLimitPerSecond),
    ],
    [t('form.bufferSeconds'), duration(webhook.bufferSeconds * 1_000)],
    [t('form.collapseStatuses'), t(webhook.collapseStatuses ? 'settings.yes' : 'settings.no')],
    [t('settings.id'), <Copyable key="id" text={webhook.id} label={t('settings.id')} />],
    [t('settings.version'), count(webhook.version)],
    [t('settings.created'), <Time key="created" at={webhook.createdAt} />],
    [t('settings.updated'), <Time key="updated" at={webhook.updatedAt} />],
  ]
  if (webhook.previousSecretUntil !== undefined)
    rows.push([t('settings.previousSecret'), <Time key="previous" at={webhook.previousSecretUntil} />])
  return (
    <Card title={t('webhook.tabs.settings')}>
      <dl className={classes.rows}>
        {rows.map(([name, value]) => (
          <div key={name} className={classes.row}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}
