import { Checkbox, Table } from '@mantine/core'
import { type PropsWithChildren, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useMay } from '../../api/session.tsx'
import type { ListedWebhook } from '../../api/types.ts'
import { useFormats } from '../../format/use-formats.ts'
import { DataTable } from '../../parts/figures/data-table.tsx'
import tableClasses from '../../parts/figures/table.module.css'
import { Time } from '../../parts/figures/time.tsx'
import { StateBadge } from '../../parts/states/state-badge.tsx'
import { BulkBar } from './bulk/bulk-bar.tsx'
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

/** One row for each webhook: many of them at a glance, sorted by what matters now. Several can be switched at once. */
export default function WebhookTable({ webhooks, order, isReversed, onSort }: Props) {
  const { t } = useTranslation()
  const mayWrite = useMay('webhooks:write')
  const { shown, more } = useBatches(webhooks, batch)
  const [selected, setSelected] = useState<string[]>([])
  // A webhook that the filter hides is not switched.
  const chosen = webhooks.filter(({ id }) => selected.includes(id))
  const sortable = columns.map((one) => ({
    label: t(`list.columns.${one}`),
    sorted:
      order !== one ? null : ascending.includes(one) !== isReversed ? ('ascending' as const) : ('descending' as const),
    onSort: () => onSort({ order: one, isReversed: order === one && !isReversed }),
  }))
  return (
    <>
      {mayWrite && <BulkBar webhooks={webhooks} chosen={chosen} onChoose={setSelected} />}
      <DataTable label={t('list.title')} columns={mayWrite ? [...sortable, t('list.bulk.column')] : sortable}>
        {shown.map((webhook) => (
          <Row key={webhook.id} webhook={webhook}>
            {mayWrite && (
              <SelectCell
                name={webhook.name}
                checked={selected.includes(webhook.id)}
                onChange={(isChosen) =>
                  setSelected([...selected.filter((id) => id !== webhook.id), ...(isChosen ? [webhook.id] : [])])
                }
              />
            )}
          </Row>
        ))}
      </DataTable>
      {more}
    </>
  )
}

type SelectProps = { name: string; checked: boolean; onChange: (isChosen: boolean) => void }

function SelectCell({ name, checked, onChange }: SelectProps) {
  const { t } = useTranslation()
  return (
    <Table.Td data-label={t('list.bulk.column')}>
      <span className={tableClasses.actions}>
        <Checkbox
          aria-label={t('list.bulk.select', { name })}
          checked={checked}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      </span>
    </Table.Td>
  )
}

function Row({ webhook, children }: PropsWithChildren<{ webhook: ListedWebhook }>) {
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
      {children}
    </Table.Tr>
  )
}
