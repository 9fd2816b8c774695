import { Stack } from '@mantine/core'
import { IconHistory } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { auditPages } from '../../../api/queries.ts'
import { useApi } from '../../../api/session.tsx'
import type { Webhook } from '../../../api/types.ts'
import { HeldRows } from '../../../parts/lists/held-rows.tsx'
import { useHeldList } from '../../../parts/lists/use-held-list.ts'
import { Empty } from '../../../parts/page/empty.tsx'
import { Failure } from '../../../parts/page/failure.tsx'
import { PageSkeleton } from '../../../parts/page/page-skeleton.tsx'
import { AuditTable } from '../../audit/audit-table.tsx'
import { CompareVersions } from './compare-versions.tsx'
import { listVersions } from './versions.ts'

/** Changes of the webhook with their authors and times, and two of its versions side by side. */
export default function History({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation()
  const { businessId, id } = webhook
  const source = auditPages(useApi(), businessId, { webhookId: id })
  const list = useHeldList(
    source,
    ({ entries }) => entries,
    (entry) => entry.id,
  )
  const entries = list.items
  const versions = listVersions(entries ?? [])
  return (
    <Stack>
      {list.error !== null && !entries && <Failure error={list.error} onRetry={list.retry} />}
      {!entries && list.error === null && <PageSkeleton rows={[200]} />}
      {entries?.length === 0 && !list.hasOlder && (
        <Empty icon={<IconHistory size={40} aria-hidden />} title={t('audit.empty')} />
      )}
      {versions.length > 1 && <CompareVersions webhook={webhook} versions={versions} />}
      {entries && (entries.length > 0 || list.hasOlder) && (
        <HeldRows list={list}>
          {entries.length > 0 && <AuditTable businessId={businessId} entries={entries} ofOne />}
        </HeldRows>
      )}
    </Stack>
  )
}
