import { Button, Group, Table, Text } from '@mantine/core'
import { IconMailCheck } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { deadLettersQuery } from '../../../api/queries.ts'
import { useApi, useMay } from '../../../api/session.tsx'
import type { ListedDeadLetter, Webhook } from '../../../api/types.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { DataTable } from '../../../parts/figures/data-table.tsx'
import tableClasses from '../../../parts/figures/table.module.css'
import { Time } from '../../../parts/figures/time.tsx'
import { Empty } from '../../../parts/page/empty.tsx'
import { Failure } from '../../../parts/page/failure.tsx'
import { PageSkeleton } from '../../../parts/page/page-skeleton.tsx'
import { ReplayButtons } from '../replays/replays.tsx'
import { useReplayCount } from '../replays/use-replay.ts'
import { pagePath } from '../use-place.ts'

/** Undelivered notifications with their reasons. They can be resent. */
export default function DeadLetters({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation()
  const mayWrite = useMay('webhooks:write')
  const query = useInfiniteQuery(deadLettersQuery(useApi(), webhook.businessId, webhook.id))
  const { count } = useFormats()
  // Only those who may resend may count.
  const left = useReplayCount(webhook, mayWrite ? { deadLetters: true } : null)
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = query
  if (error && !data) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton rows={[200]} />
  // A crash can write a record twice, and two pages can overlap.
  const letters = [...new Map(data.pages.flatMap((page) => page.deadLetters).map((one) => [toKey(one), one])).values()]
  if (letters.length === 0 && !hasNextPage)
    return <Empty icon={<IconMailCheck size={40} aria-hidden />} title={t('dead.empty')} text={t('dead.emptyText')} />
  return (
    <>
      <Group justify="space-between" mb="md">
        <Text size="sm" c="dimmed" maw={560}>
          {t('dead.text')}{' '}
          {left.data !== undefined && <b>{t('dead.left', { count: left.data, n: count(left.data) })}</b>}
        </Text>
        {mayWrite && <ReplayButtons webhook={webhook} kinds={['deadLetters']} />}
      </Group>
      <DataTable
        label={t('webhook.tabs.dead-letters')}
        columns={[t('attempts.at'), t('dead.reason'), t('attempts.contact'), t('attempts.kind'), t('dead.attempts')]}
      >
        {letters.map((letter) => (
          <Row key={toKey(letter)} webhook={webhook} letter={letter} />
        ))}
      </DataTable>
      {hasNextPage && (
        <Button variant="default" fullWidth mt="md" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t('attempts.older')}
        </Button>
      )}
    </>
  )
}

function toKey({ deliveryId, at }: ListedDeadLetter): string {
  return `${deliveryId} ${at}`
}

function Row({ webhook, letter }: { webhook: Webhook; letter: ListedDeadLetter }) {
  const { t } = useTranslation()
  const { at, reason, detail, deliveryId, contactId, kind, attempts, deliveredAt } = letter
  return (
    <Table.Tr>
      <Table.Td data-label={t('attempts.at')}>
        {deliveryId === null ? (
          <Time at={at} />
        ) : (
          <Link
            className={tableClasses.open}
            to={`${pagePath(webhook, 'attempts')}?deliveryId=${encodeURIComponent(deliveryId)}`}
          >
            <Time at={at} />
          </Link>
        )}
      </Table.Td>
      <Table.Td data-label={t('dead.reason')}>
        {t(`dead.reasons.${reason}`)}
        {deliveredAt !== null && (
          <Text size="xs" fw={600}>
            {t('dead.delivered')} <Time at={deliveredAt} />
          </Text>
        )}
        {detail !== null && detail !== '' && (
          <Text size="xs" c="dimmed">
            {detail}
          </Text>
        )}
      </Table.Td>
      <Table.Td data-label={t('attempts.contact')}>{contactId ?? '–'}</Table.Td>
      <Table.Td data-label={t('attempts.kind')}>{kind === null ? '–' : t(`kind.${kind}`)}</Table.Td>
      <Table.Td data-label={t('dead.attempts')}>{attempts}</Table.Td>
    </Table.Tr>
  )
}
