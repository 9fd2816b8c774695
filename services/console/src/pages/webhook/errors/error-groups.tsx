import { Button, Group, NativeSelect, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { errorGroupsQuery } from '../../../api/queries.ts'
import { useApi, useMay } from '../../../api/session.tsx'
import type { ErrorGroup, Webhook } from '../../../api/types.ts'
import { readable } from '../../../format/format.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { useNow } from '../../../format/use-now.ts'
import { Time } from '../../../parts/figures/time.tsx'
import { Card } from '../../../parts/page/card.tsx'
import { CodeBlock } from '../../../parts/requests/code-block.tsx'
import { OutcomeBadge } from '../../../parts/states/outcome-badge.tsx'
import { type Span, spans, startOfSpan } from '../attempts/attempt-filter.ts'
import { attemptsPath } from '../attempts/attempts-path.ts'
import { ReplayDialog } from '../replays/replay-dialog.tsx'
import { useResendObstacle } from '../use-resend-obstacle.ts'
import classes from './error-log.module.css'

/** Errors by cause and first line of the answer, with what can be done about each. */
export function ErrorGroups({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation()
  const [span, setSpan] = useState<Span>('day')
  const [sending, setSending] = useState<string[] | null>(null)
  const since = startOfSpan(span, useNow(60_000))
  const { data } = useQuery(errorGroupsQuery(useApi(), webhook.businessId, webhook.id, span, since))
  if (!data || (data.groups.length === 0 && span === 'day')) return null
  return (
    <Card
      title={t('errors.causes')}
      aside={
        <NativeSelect
          size="xs"
          aria-label={t('attempts.since')}
          value={span}
          onChange={(event) => setSpan(spans.find((one) => one === event.target.value) ?? 'day')}
          data={spans.map((one) => ({ value: one, label: t(`attempts.spans.${one}`) }))}
        />
      }
    >
      {data.searchedBackTo > since && (
        <Text size="sm" mb="xs">
          {t('errors.searchedBackTo')} <Time at={data.searchedBackTo} />
        </Text>
      )}
      {data.groups.length === 0 && <Text size="sm">{t('errors.empty')}</Text>}
      <ul className={classes.log} aria-label={t('errors.causes')}>
        {data.groups.map((group) => (
          <li key={`${group.cause} ${group.status} ${group.line} ${group.firstAt}`}>
            <Entry webhook={webhook} group={group} onSend={setSending} />
          </li>
        ))}
      </ul>
      {sending && (
        <ReplayDialog webhook={webhook} kind="deadLetters" chosen={sending} onClose={() => setSending(null)} />
      )}
    </Card>
  )
}

type EntryProps = { webhook: Webhook; group: ErrorGroup; onSend: (deliveryIds: string[]) => void }

function Entry({ webhook, group, onSend }: EntryProps) {
  const { t } = useTranslation()
  const { count } = useFormats()
  const mayWrite = useMay('webhooks:write')
  const obstacle = useResendObstacle(webhook)
  const { outcome, cause, status, line, excerpt, count: n, contacts, firstAt, lastAt, deliveryIds } = group
  return (
    <details className={classes.entry}>
      <summary>
        <OutcomeBadge outcome={outcome} detail={status ?? cause} />
        <b>{t('errors.times', { count: n, n: count(n) })}</b>
        {line !== null && <span className={classes.line}>{line}</span>}
        <span>
          <Time at={firstAt} /> – <Time at={lastAt} />
        </span>
        <span>{t('errors.contacts', { count: contacts, n: count(contacts) })}</span>
      </summary>
      <Group gap="lg" my="xs">
        <Link to={attemptsPath(webhook, { outcome, cause, status, firstAt, lastAt })}>{t('errors.show')}</Link>
        {mayWrite && deliveryIds.length > 0 && (
          <Button size="compact-sm" variant="default" disabled={obstacle !== null} onClick={() => onSend(deliveryIds)}>
            {t('errors.resend')}
          </Button>
        )}
      </Group>
      {excerpt === null ? (
        <Text size="sm">{t('errors.noExcerpt')}</Text>
      ) : (
        <CodeBlock label={t('attempt.answer')} text={readable(excerpt)} />
      )}
    </details>
  )
}
