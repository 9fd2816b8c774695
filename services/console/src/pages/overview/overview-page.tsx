import { Stack, Table, Text, Title } from '@mantine/core'
import { IconCircleCheck } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { overviewQuery } from '../../api/queries.ts'
import { useApi } from '../../api/session.tsx'
import type { TroubledWebhook } from '../../api/types.ts'
import { useFormats } from '../../format/use-formats.ts'
import { DataTable } from '../../parts/figures/data-table.tsx'
import { Time } from '../../parts/figures/time.tsx'
import { Empty } from '../../parts/page/empty.tsx'
import { Failure } from '../../parts/page/failure.tsx'
import { PageSkeleton } from '../../parts/page/page-skeleton.tsx'
import { usePageTitle } from '../../parts/page/use-page-title.ts'
import { StateBadge } from '../../parts/states/state-badge.tsx'
import { pagePath } from '../webhook/page-path.ts'
import classes from './overview.module.css'

/** Page for operators: the webhooks with problems of all businesses, the most serious first. */
export default function OverviewPage() {
  const { t } = useTranslation()
  const { count } = useFormats()
  const { data, error, refetch } = useQuery(overviewQuery(useApi()))
  usePageTitle(t('overview.title'))
  return (
    <Stack>
      <Title order={1} size="h2">
        {t('overview.title')}
      </Title>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <PageSkeleton rows={[200]} />}
      {data && (
        <Text size="sm" c="dimmed">
          {t('overview.summary', {
            troubled: count(data.troubled),
            webhooks: count(data.webhooks),
            businesses: count(data.businesses),
          })}
        </Text>
      )}
      {data?.worst.length === 0 && (
        <Empty icon={<IconCircleCheck size={40} aria-hidden />} title={t('overview.empty')} />
      )}
      {data && data.worst.length > 0 && <Troubled webhooks={data.worst} />}
    </Stack>
  )
}

function Troubled({ webhooks }: { webhooks: TroubledWebhook[] }) {
  const { t } = useTranslation()
  const { count } = useFormats()
  const headings = {
    webhook: t('overview.webhook'),
    state: t('overview.state'),
    trouble: t('overview.trouble'),
    since: t('overview.since'),
    failed: t('overview.failed'),
    parked: t('backlog.parked'),
    undelivered: t('backlog.undelivered'),
  }
  return (
    <DataTable label={t('overview.title')} columns={Object.values(headings)}>
      {webhooks.map((each) => (
        <Table.Tr key={`${each.businessId} ${each.webhookId}`}>
          <Table.Td data-label={headings.webhook}>
            <span>
              <Link className={classes.link} to={pagePath({ businessId: each.businessId, id: each.webhookId })}>
                {each.name}
              </Link>
              <Text size="xs" c="dimmed">
                {each.businessId}
              </Text>
            </span>
          </Table.Td>
          <Table.Td data-label={headings.state}>
            <StateBadge state={each.state} />
          </Table.Td>
          <Table.Td data-label={headings.trouble}>
            {each.troubles.map((kind) => t(`alerts.kinds.${kind}`)).join(', ') || '–'}
          </Table.Td>
          <Table.Td data-label={headings.since}>{each.since === null ? '–' : <Time at={each.since} />}</Table.Td>
          <Table.Td data-label={headings.failed}>{count(each.lastHour.error + each.lastHour.rejected)}</Table.Td>
          <Table.Td data-label={headings.parked}>{count(each.parked)}</Table.Td>
          <Table.Td data-label={headings.undelivered}>{count(each.undelivered)}</Table.Td>
        </Table.Tr>
      ))}
    </DataTable>
  )
}
