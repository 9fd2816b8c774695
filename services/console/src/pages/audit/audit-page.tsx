import { Stack, Title } from '@mantine/core'
import { IconHistory } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { useParams, useSearchParams } from 'react-router'
import { auditPages } from '../../api/queries.ts'
import { useApi } from '../../api/session.tsx'
import { HeldRows } from '../../parts/lists/held-rows.tsx'
import { useHeldList } from '../../parts/lists/use-held-list.ts'
import { Empty } from '../../parts/page/empty.tsx'
import { Failure } from '../../parts/page/failure.tsx'
import { PageSkeleton } from '../../parts/page/page-skeleton.tsx'
import { usePageTitle } from '../../parts/page/use-page-title.ts'
import { readAuditFilter, writeAuditFilter } from './audit-filter.ts'
import { AuditFilters } from './audit-filters.tsx'
import { AuditTable } from './audit-table.tsx'

/** All changes of the business, newest first. Secrets are never shown. */
export default function AuditPage() {
  const { t } = useTranslation()
  const { businessId = '' } = useParams()
  const [params, setParams] = useSearchParams()
  const filter = readAuditFilter(params)
  const source = auditPages(useApi(), businessId, filter)
  const list = useHeldList(
    source,
    ({ entries }) => entries,
    ({ id }) => id,
  )
  const entries = list.items
  const named = new Map(
    entries?.flatMap(({ webhookId, webhookName }) =>
      webhookId && webhookName ? [[webhookId, webhookName] as const] : [],
    ),
  )
  const isFiltered = Object.keys(filter).length > 0
  usePageTitle(t('audit.title'))
  return (
    <Stack>
      <Title order={1} size="h2">
        {t('audit.title')}
      </Title>
      <AuditFilters
        businessId={businessId}
        filter={filter}
        named={named}
        onChange={(changed) => setParams(writeAuditFilter(changed), { replace: true })}
      />
      {list.error !== null && !entries && <Failure error={list.error} onRetry={list.retry} />}
      {!entries && list.error === null && <PageSkeleton rows={[200]} />}
      {entries?.length === 0 && !list.hasOlder && (
        <Empty
          icon={<IconHistory size={40} aria-hidden />}
          title={t(isFiltered ? 'audit.nothingFound' : 'audit.empty')}
        />
      )}
      {entries && (entries.length > 0 || list.hasOlder) && (
        <HeldRows list={list}>
          {entries.length > 0 && <AuditTable businessId={businessId} entries={entries} />}
        </HeldRows>
      )}
    </Stack>
  )
}
