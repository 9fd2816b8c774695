import { Group, Stack, Text } from '@mantine/core'
import { IconMoodCheck } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { firstLine } from '../../../../../domain/delivery/first-line.ts'
import { errorsQuery } from '../../../api/queries.ts'
import { useApi } from '../../../api/session.tsx'
import type { ErrorEntry, Webhook } from '../../../api/types.ts'
import { readable } from '../../../format/format.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { Time } from '../../../parts/figures/time.tsx'
import { Card } from '../../../parts/page/card.tsx'
import { Empty } from '../../../parts/page/empty.tsx'
import { Failure } from '../../../parts/page/failure.tsx'
import { PageSkeleton } from '../../../parts/page/page-skeleton.tsx'
import { CodeBlock } from '../../../parts/requests/code-block.tsx'
import { OutcomeBadge } from '../../../parts/states/outcome-badge.tsx'
import { attemptsPath } from '../attempts/attempts-path.ts'
import { ErrorGroups } from './error-groups.tsx'
import classes from './error-log.module.css'

/** Latest 50 errors with their details (contract.md, 1.6). */
export default function ErrorLog({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation()
  const { data, error, refetch } = useQuery(errorsQuery(useApi(), webhook.businessId, webhook.id))
  if (error && !data) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton rows={[60, 60, 60]} />
  if (data.errors.length === 0)
    return (
      <Empty icon={<IconMoodCheck size={40} aria-hidden />} title={t('errors.empty')} text={t('errors.emptyText')} />
    )
  return (
    <Stack gap="md">
      <ErrorGroups webhook={webhook} />
      <Card title={t('errors.latest')}>
        <ul className={classes.log} aria-label={t('errors.latest')}>
          {data.errors.map((one) => (
            <li key={`${one.deliveryId} ${one.at} ${one.attempt}`}>
              <Entry webhook={webhook} entry={one} />
            </li>
          ))}
        </ul>
      </Card>
    </Stack>
  )
}

function Entry({ webhook, entry }: { webhook: Webhook; entry: ErrorEntry }) {
  const { t } = useTranslation()
  const { duration } = useFormats()
  const line = firstLine(entry.excerpt)
  const { at, cause, status, latencyMs, excerpt, contactId, attempt, deliveryId, kind } = entry
  return (
    <details className={classes.entry}>
      <summary>
        <Time at={at} />
        <OutcomeBadge outcome="error" detail={status ?? cause} />
        <span>{contactId}</span>
        {latencyMs !== null && <span>{duration(latencyMs)}</span>}
        {line !== null && <span className={classes.line}>{line}</span>}
      </summary>
      <Group gap="lg" my="xs">
        <Text size="sm">{t('attempt.number', { number: attempt })}</Text>
        <Text size="sm">{t(`kind.${kind}`)}</Text>
        <Link to={attemptsPath(webhook, { deliveryId })}>{t('attempt.all')}</Link>
      </Group>
      {excerpt === null ? (
        <Text size="sm">{t('errors.noExcerpt')}</Text>
      ) : (
        <CodeBlock label={t('attempt.answer')} text={readable(excerpt)} />
      )}
    </details>
  )
}
