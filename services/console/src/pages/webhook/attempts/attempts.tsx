import { Button, Table, UnstyledButton } from '@mantine/core'
import { IconMailOff } from '@tabler/icons-react'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useSearchParams } from 'react-router'
import { attemptsQuery } from '../../../api/queries.ts'
import { useApi } from '../../../api/session.tsx'
import type { AttemptEntry, Webhook } from '../../../api/types.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { useNow } from '../../../format/use-now.ts'
import { DataTable } from '../../../parts/figures/data-table.tsx'
import tableClasses from '../../../parts/figures/table.module.css'
import { Time } from '../../../parts/figures/time.tsx'
import { Empty } from '../../../parts/page/empty.tsx'
import { Failure } from '../../../parts/page/failure.tsx'
import { PageSkeleton } from '../../../parts/page/page-skeleton.tsx'
import { OutcomeBadge } from '../../../parts/states/outcome-badge.tsx'
import { AttemptDrawer } from './attempt-drawer.tsx'
import { askedFor, readFilter, writeFilter } from './attempt-filter.ts'
import { AttemptFilters } from './attempt-filters.tsx'
import { ExportMenu } from './export-menu.tsx'

/** All attempts, sent or rejected, newest first. */
export default function Attempts({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation()
  const [params, setParams] = useSearchParams()
  const now = useNow(60_000)
  const filter = readFilter(params)
  const [opened, setOpened] = useState<string | null>(null)
  const asked = askedFor(filter, now)
  const query = attemptsQuery(useApi(), webhook.businessId, webhook.id, asked)
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    ...query,
    placeholderData: keepPreviousData,
  })
  const attempts = data?.pages.flatMap((page) => page.attempts)
  return (
    <>
      <AttemptFilters
        filter={filter}
        onChange={(change) => setParams(writeFilter({ ...filter, ...change }), { replace: true })}
      >
        <ExportMenu webhook={webhook} operation="exportAttempts" filter={asked} />
      </AttemptFilters>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <PageSkeleton rows={[200]} />}
      {attempts?.length === 0 && !hasNextPage && (
        <Empty
          icon={<IconMailOff size={40} aria-hidden />}
          title={t('attempts.empty')}
          text={t('attempts.emptyText')}
        />
      )}
      {attempts && attempts.length > 0 && <AttemptTable attempts={attempts} onOpen={setOpened} />}
      {hasNextPage && (
        <Button variant="default" fullWidth mt="md" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t('attempts.older')}
        </Button>
      )}
      <AttemptDrawer webhook={webhook} attemptId={opened} onClose={() => setOpened(null)} />
    </>
  )
}

function AttemptTable({ attempts, onOpen }: { attempts: AttemptEntry[]; onOpen: (id: string) => void }) {
  const { t } = useTranslation()
  const { duration } = useFormats()
  return (
    <DataTable
      label={t('webhook.tabs.attempts')}
      columns={[
        t('attempts.at'),
        t('attempts.outcome'),
        t('attempts.took'),
        t('attempts.contact'),
        t('attempts.kind'),
        t('attempts.number'),
      ]}
    >
      {attempts.map((one) => (
        <Table.Tr key={one.id}>
          <Table.Td data-label={t('attempts.at')}>
            <UnstyledButton className={tableClasses.open} onClick={() => onOpen(one.id)}>
              <Time at={one.at} />
            </UnstyledButton>
          </Table.Td>
          <Table.Td data-label={t('attempts.outcome')}>
            <OutcomeBadge outcome={one.outcome} detail={one.status ?? one.cause} />
          </Table.Td>
          <Table.Td data-label={t('attempts.took')}>{one.latencyMs === null ? '–' : duration(one.latencyMs)}</Table.Td>
          <Table.Td data-label={t('attempts.contact')}>{one.contactId}</Table.Td>
          <Table.Td data-label={t('attempts.kind')}>{one.test ? t('attempts.test') : t(`kind.${one.kind}`)}</Table.Td>
          <Table.Td data-label={t('attempts.number')}>
            {one.attempt}
            {one.replayId !== null && ` · ${t('attempts.replay')}`}
          </Table.Td>
        </Table.Tr>
      ))}
    </DataTable>
  )
}
