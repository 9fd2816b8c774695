import { Button, Checkbox, Group, Table, Text } from '@mantine/core'
import { IconMailCheck } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
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
import { pagePath } from '../use-place.ts'
import { ExportMenu } from './export-menu.tsx'

/** Notifications that were given up, with the reasons. They can be resent. @param undelivered number of those not delivered since. */
export default function DeadLetters({ webhook, undelivered }: { webhook: Webhook; undelivered: number }) {
  const { t } = useTranslation()
  const mayWrite = useMay('webhooks:write')
  const query = useInfiniteQuery(deadLettersQuery(useApi(), webhook.businessId, webhook.id))
  const { count } = useFormats()
  const [isWhole, setWhole] = useState(false)
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = query
  if (error && !data) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton rows={[200]} />
  // A crash can write a record twice, and two pages can overlap.
  const letters = [...new Map(data.pages.flatMap((page) => page.deadLetters).map((one) => [toKey(one), one])).values()]
  if (letters.length === 0 && !hasNextPage)
    return <Empty icon={<IconMailCheck size={40} aria-hidden />} title={t('dead.empty')} text={t('dead.emptyText')} />
  const shown = isWhole ? letters : letters.filter(({ deliveredAt }) => deliveredAt === null)
  return (
    <>
      <Group justify="space-between" mb="md">
        <Text size="sm" c="dimmed" maw={560}>
          {t('dead.text')} <b>{t('dead.left', { count: undelivered, n: count(undelivered) })}</b>
        </Text>
        <Group gap="sm">
          <ExportMenu webhook={webhook} operation="exportDeadLetters" />
          {mayWrite && <ReplayButtons webhook={webhook} kinds={['deadLetters']} />}
        </Group>
      </Group>
      <Checkbox
        mb="md"
        label={t('dead.all')}
        checked={isWhole}
        onChange={(event) => setWhole(event.currentTarget.checked)}
      />
      {shown.length === 0 ? (
        <Empty
          icon={<IconMailCheck size={40} aria-hidden />}
          title={t('dead.noneLeft')}
          text={t('dead.noneLeftText')}
        />
      ) : (
        <DataTable
          label={t('webhook.tabs.dead-letters')}
          columns={[t('attempts.at'), t('dead.reason'), t('attempts.contact'), t('attempts.kind'), t('dead.attempts')]}
        >
          {shown.map((letter) => (
            <Row key={toKey(letter)} webhook={webhook} letter={letter} />
          ))}
        </DataTable>
      )}
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
