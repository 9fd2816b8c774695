import { Table } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { ListedWebhook } from '../../api/types.ts'
import { useFormats } from '../../format/use-formats.ts'
import { DataTable } from '../../parts/figures/data-table.tsx'
import tableClasses from '../../parts/figures/table.module.css'
import { Time } from '../../parts/figures/time.tsx'
import { StateBadge } from '../../parts/states/state-badge.tsx'
import { type ListChoice, type Order, successRate } from './find.ts'
import { useBatches } from './use-batches.tsx'

/** The columns and the order that each sorts by. */
const columns = ['name', 'problems', 'success', 'p95', 'undelivered', 'latest'] as const satisfies readonly Order[]
/** Orders that begin with the smallest value. */
const ascending: readonly Order[] = ['name', 'problems', 'success']
const batch = 60

type Props = Pick<ListChoice, 'order' | 'isReversed'> & {
  webhooks: ListedWebhook[]
  onSort: (change: Pick<ListChoice, 'order' | 'isReversed'>) => void
}

/** One row for each webhook: many of them at a glance, sorted by what matters now. */
export default function WebhookTable({ webhooks, order, isReversed, onSort }: Props) {
  const { t } = useTranslation()
  const { shown, more } = useBatches(webhooks, batch)
  return (
    <>
      <DataTable
        label={t('list.title')}
        columns={columns.map((one) => ({
          label: t(`list.columns.${one}`),
          sorted: order !== one ? null : ascending.includes(one) !== isReversed ? 'ascending' : 'descending',
          onSort: () => onSort({ order: one, isReversed: order === one && !isReversed }),
        }))}
      >
        {shown.map((webhook) => (
          <Row key={webhook.id} webhook={webhook} />
        ))}
      </DataTable>
      {more}
    </>
  )
}

function Row({ webhook }: { webhook: ListedWebhook }) {
  const { t } = useTranslation()
  const { count, percent, duration } = useFormats()
  const { id, name, status, lastHour, p95Ms, lastAttemptAt } = webhook
  const rate = successRate(lastHour)
  return (
    <Table.Tr>
      <Table.Td data-label={t('list.columns.name')}>
        <Link className={tableClasses.open} to={encodeURIComponent(id)}>
          {name}
        </Link>
      </Table.Td>
      <Table.Td data-label={t('list.columns.problems')}>
        <StateBadge state={status.state} />
      </Table.Td>
      <Table.Td data-label={t('list.columns.success')}>{rate === null ? '–' : percent(rate)}</Table.Td>
      <Table.Td data-label={t('list.columns.p95')}>{p95Ms === null ? '–' : duration(p95Ms)}</Table.Td>
      <Table.Td data-label={t('list.columns.undelivered')}>{count(status.undelivered)}</Table.Td>
      <Table.Td data-label={t('list.columns.latest')}>
        {lastAttemptAt === null ? '–' : <Time at={lastAttemptAt} />}
      </Table.Td>
    </Table.Tr>
  )
}
