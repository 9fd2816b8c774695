import { Button, Stack, Table, Title } from '@mantine/core'
import { IconHistory } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { auditQuery } from '../../api/queries.ts'
import { useApi } from '../../api/session.tsx'
import type { AuditView } from '../../api/types.ts'
import { DataTable } from '../../parts/figures/data-table.tsx'
import { Time } from '../../parts/figures/time.tsx'
import { Empty } from '../../parts/page/empty.tsx'
import { Failure } from '../../parts/page/failure.tsx'
import { PageSkeleton } from '../../parts/page/page-skeleton.tsx'
import { usePageTitle } from '../../parts/page/use-page-title.ts'
import { pagePath } from '../webhook/use-place.ts'
import classes from './audit.module.css'
import { Changes } from './changes.tsx'
import { actionKey } from './entry.ts'

/** All changes of the business, newest first. Secrets are never shown. */
export default function AuditPage() {
  const { t } = useTranslation()
  const { businessId = '' } = useParams()
  const query = useInfiniteQuery(auditQuery(useApi(), businessId))
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = query
  const entries = data?.pages.flatMap((page) => page.entries)
  usePageTitle(t('audit.title'))
  return (
    <Stack>
      <Title order={1} size="h2">
        {t('audit.title')}
      </Title>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <PageSkeleton rows={[200]} />}
      {entries?.length === 0 && <Empty icon={<IconHistory size={40} aria-hidden />} title={t('audit.empty')} />}
      {entries && entries.length > 0 && <AuditTable businessId={businessId} entries={entries} />}
      {hasNextPage && (
        <Button variant="default" loading={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t('attempts.older')}
        </Button>
      )}
    </Stack>
  )
}

function AuditTable({ businessId, entries }: { businessId: string; entries: AuditView[] }) {
  const { t } = useTranslation()
  return (
    <DataTable
      label={t('audit.title')}
      columns={[t('attempts.at'), t('audit.who'), t('audit.what'), t('audit.changes')]}
    >
      {entries.map((entry) => (
        <Table.Tr key={`${entry.at} ${entry.action} ${entry.webhookId} ${entry.version}`}>
          <Table.Td data-label={t('attempts.at')}>
            <Time at={entry.at} />
          </Table.Td>
          <Table.Td data-label={t('audit.who')}>{entry.subject}</Table.Td>
          <Table.Td data-label={t('audit.what')}>
            <span>
              <Action action={entry.action} />
              {entry.webhookId !== null &&
                entry.action === 'webhook.delete' &&
                `: ${entry.webhookName ?? entry.webhookId}`}
              {entry.webhookId !== null && entry.action !== 'webhook.delete' && (
                <>
                  {': '}
                  <Link className={classes.link} to={pagePath({ businessId, id: entry.webhookId })}>
                    {entry.webhookName ?? entry.webhookId}
                  </Link>
                </>
              )}
            </span>
          </Table.Td>
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
