import { Table } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { webhooksQuery } from '../../api/queries.ts'
import { useApi } from '../../api/session.tsx'
import type { AuditView } from '../../api/types.ts'
import { DataTable } from '../../parts/figures/data-table.tsx'
import { Time } from '../../parts/figures/time.tsx'
import { pagePath } from '../webhook/page-path.ts'
import classes from './audit.module.css'
import { auditPath } from './audit-filter.ts'
import { Changes } from './changes.tsx'
import { actionKey } from './entry.ts'

type Props = {
  businessId: string
  entries: AuditView[]
  /** Whether all entries are of one webhook, on its own page. */
  ofOne?: boolean
}

/** Entries of the audit log: who has changed what, and when. */
export function AuditTable({ businessId, entries, ofOne = false }: Props) {
  const { t } = useTranslation()
  return (
    <DataTable
      label={t(ofOne ? 'webhook.tabs.history' : 'audit.title')}
      columns={[
        t('attempts.at'),
        t('audit.who'),
        t('audit.what'),
        ...(ofOne ? [t('settings.version')] : []),
        t('audit.changes'),
      ]}
    >
      {entries.map((entry) => (
        <Table.Tr key={entry.id}>
          <Table.Td data-label={t('attempts.at')}>
            <Time at={entry.at} />
          </Table.Td>
          <Table.Td data-label={t('audit.who')}>{entry.subject}</Table.Td>
          <Table.Td data-label={t('audit.what')}>
            <span>
              <Action action={entry.action} />
              {!ofOne && <WebhookName businessId={businessId} entry={entry} />}
            </span>
          </Table.Td>
          {ofOne && <Table.Td data-label={t('settings.version')}>{entry.version ?? '–'}</Table.Td>}
          <Table.Td data-label={t('audit.changes')}>
            <Changes changes={entry.changes} />
          </Table.Td>
        </Table.Tr>
      ))}
    </DataTable>
  )
}

function Action({ action }: { action: string }) {
  const { t } = useTranslation()
  const key = actionKey(action)
  return key === undefined ? action : t(`audit.actions.${key}`)
}

/** Leads to the webhook; of a deleted one, to what the audit log has of it. */
function WebhookName({ businessId, entry }: { businessId: string; entry: AuditView }) {
  const { t } = useTranslation()
  const { action, webhookId, webhookName } = entry
  const { data } = useQuery(webhooksQuery(useApi(), businessId))
  if (webhookId === null) return null
  const name = webhookName ?? webhookId
  if (!data) return `: ${name}`
  const exists = data.some(({ id }) => id === webhookId)
  const to = exists ? pagePath({ businessId, id: webhookId }) : auditPath(businessId, { webhookId })
  return (
    <>
      {': '}
      <Link className={classes.link} to={to}>
        {name}
      </Link>
      {!exists && action !== 'webhook.delete' && ` (${t('audit.deleted')})`}
    </>
  )
}
