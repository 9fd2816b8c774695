import { Button, Group, Title } from '@mantine/core'
import { IconPlus, IconSearchOff, IconWebhook } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { accountQuery, webhooksQuery } from '../../api/queries.ts'
import { useApi, useMay } from '../../api/session.tsx'
import { Empty } from '../../parts/page/empty.tsx'
import { Failure } from '../../parts/page/failure.tsx'
import { loaded } from '../../parts/page/loaded.tsx'
import { PageSkeleton } from '../../parts/page/page-skeleton.tsx'
import { usePageTitle } from '../../parts/page/use-page-title.ts'
import { ActivationNotice } from './activation-notice.tsx'
import { findWebhooks } from './find.ts'
import { ListTools } from './list-tools.tsx'
import { useListChoice } from './use-list-choice.ts'
import { WebhookCards } from './webhook-cards.tsx'

const outline = [36, 120, 120, 120]
const WebhookTable = loaded('webhook-table', () => import('./webhook-table.tsx'), outline)

export function ListPage() {
  const { t } = useTranslation()
  const { businessId = '' } = useParams()
  const api = useApi()
  const mayWrite = useMay('webhooks:write')
  const { data, error, refetch } = useQuery(webhooksQuery(api, businessId))
  const account = useQuery(accountQuery(api, businessId))
  const { choice, view, change, show } = useListChoice()
  const { state, order, isReversed } = choice
  // Typing takes precedence over drawing a thousand cards.
  const text = useDeferredValue(choice.text)
  const found = useMemo(
    () => findWebhooks(data ?? [], { text, state, order, isReversed }),
    [data, text, state, order, isReversed],
  )
  usePageTitle(t('list.title'))

  const create = mayWrite && (
    <Button component={Link} to="new" leftSection={<IconPlus size={18} aria-hidden />}>
      {t('list.new')}
    </Button>
  )
  return (
    <>
      <Group justify="space-between" mb="md">
        <Title order={1} size="h2">
          {t('list.title')}
        </Title>
        {data && data.length > 0 && create}
      </Group>
      {account.data?.webhooksEnabled === false && <ActivationNotice />}
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <PageSkeleton rows={outline} />}
      {data?.length === 0 && (
        <Empty icon={<IconWebhook size={40} aria-hidden />} title={t('list.empty')} text={t('list.emptyText')}>
          {create}
        </Empty>
      )}
      {data && data.length > 0 && (
        <>
          <ListTools webhooks={data} choice={choice} onChange={change} view={view} onShow={show} />
          {found.length === 0 ? (
            <Empty icon={<IconSearchOff size={40} aria-hidden />} title={t('list.nothingFound')}>
              <Button variant="default" onClick={() => change({ text: '', state: null })}>
                {t('list.showAll')}
              </Button>
            </Empty>
          ) : view === 'table' ? (
            <WebhookTable webhooks={found} order={order} isReversed={isReversed} onSort={change} />
          ) : (
            <WebhookCards webhooks={found} />
          )}
        </>
      )}
    </>
  )
}
