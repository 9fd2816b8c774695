import { Table, UnstyledButton } from '@mantine/core'
import { IconMailOff } from '@tabler/icons-react'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { useLocation, useNavigate, useSearchParams } from 'react-router'
import { attemptPages } from '../../../api/queries.ts'
import { useApi } from '../../../api/session.tsx'
import type { AttemptEntry, Webhook } from '../../../api/types.ts'
import { nowMs } from '../../../clock.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { DataTable } from '../../../parts/figures/data-table.tsx'
import tableClasses from '../../../parts/figures/table.module.css'
import { Time } from '../../../parts/figures/time.tsx'
import { HeldRows } from '../../../parts/lists/held-rows.tsx'
import { useHeldList } from '../../../parts/lists/use-held-list.ts'
import { Empty } from '../../../parts/page/empty.tsx'
import { Failure } from '../../../parts/page/failure.tsx'
import { PageSkeleton } from '../../../parts/page/page-skeleton.tsx'
import { OutcomeBadge } from '../../../parts/states/outcome-badge.tsx'
import { AttemptDrawer } from './attempt-drawer.tsx'
import { askedFor, readFilter, writeFilter } from './attempt-filter.ts'
import { AttemptFilters } from './attempt-filters.tsx'
import { ExportMenu } from './export-menu.tsx'

const openedHere = 'opened-here'

/** All attempts, sent or rejected, newest first. The filter and the open attempt are in the address. */
export default function Attempts({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation()
  const api = useApi()
  const [params, setParams] = useSearchParams()
  const { state } = useLocation()
  const navigate = useNavigate()
  const filter = readFilter(params)
  const opened = params.get('attempt')
  const written = new URLSearchParams(writeFilter(filter)).toString()
  // A period ends now: it is counted from the moment of the choice, so that the list does not change with the time.
  const asked = useMemo(() => askedFor(readFilter(new URLSearchParams(written)), nowMs()), [written])
  const source = useMemo(() => attemptPages(api, webhook.businessId, webhook.id, asked), [api, webhook, asked])
  const list = useHeldList(
    source,
    ({ attempts }) => attempts,
    ({ id }) => id,
    opened !== null,
  )
  // Attempts are recorded when they end, so that a slow one stands behind later ones.
  const attempts = list.items?.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))
  // Back closes the attempt. One that was opened by its address has nothing to go back to.
  const open = (attempt: string) => setParams({ ...writeFilter(filter), attempt }, { state: openedHere })
  const close = () => (state === openedHere ? void navigate(-1) : setParams(writeFilter(filter), { replace: true }))
  return (
    <>
      <AttemptFilters
        filter={filter}
        onChange={(change) => setParams(writeFilter({ ...filter, ...change }), { replace: true })}
      >
        <ExportMenu webhook={webhook} operation="exportAttempts" filter={asked} />
      </AttemptFilters>
      {list.error !== null && !attempts && <Failure error={list.error} onRetry={list.retry} />}
      {!attempts && list.error === null && <PageSkeleton rows={[200]} />}
      {attempts?.length === 0 && !list.hasOlder && (
        <Empty
          icon={<IconMailOff size={40} aria-hidden />}
          title={t('attempts.empty')}
          text={t('attempts.emptyText')}
        />
      )}
      {attempts && (attempts.length > 0 || list.hasOlder) && (
        <HeldRows list={list}>{attempts.length > 0 && <AttemptTable attempts={attempts} onOpen={open} />}</HeldRows>
      )}
      <AttemptDrawer webhook={webhook} attemptId={opened} onClose={close} />
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
              <Time at={one.at} exact />
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
