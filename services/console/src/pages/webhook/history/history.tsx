import { Button, Stack } from '@mantine/core'
import { IconHistory } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { auditQuery } from '../../../api/queries.ts'
import { useApi } from '../../../api/session.tsx'
import type { Webhook } from '../../../api/types.ts'
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
  const query = useInfiniteQuery(auditQuery(useApi(), businessId, { webhookId: id }))
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = query
  const entries = data?.pages.flatMap((page) => page.entries)
  const versions = listVersions(entries ?? [])
  return (
    <Stack>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <PageSkeleton rows={[200]} />}
      {entries?.length === 0 && !hasNextPage && (
        <Empty icon={<IconHistory size={40} aria-hidden />} title={t('audit.empty')} />
      )}
      {versions.length > 1 && <CompareVersions webhook={webhook} versions={versions} />}
      {entries && entries.length > 0 && <AuditTable businessId={businessId} entries={entries} ofOne />}
      {hasNextPage && (
        <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t('attempts.older')}
        </Button>
      )}
    </Stack>
  )
}
