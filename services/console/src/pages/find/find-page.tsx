import { Alert, Button, Group, Stack, Title } from '@mantine/core'
import { IconMailSearch } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, Navigate, useParams, useSearchParams } from 'react-router'
import { foundQuery } from '../../api/queries.ts'
import { useApi } from '../../api/session.tsx'
import { Empty } from '../../parts/page/empty.tsx'
import { Failure } from '../../parts/page/failure.tsx'
import { PageSkeleton } from '../../parts/page/page-skeleton.tsx'
import { usePageTitle } from '../../parts/page/use-page-title.ts'
import { MaskedNote } from '../../parts/texts/masked-note.tsx'
import { conversationPath, notificationPath } from './find-paths.ts'
import { FoundTable } from './found-table.tsx'
import { SearchedBack } from './searched-back.tsx'

/** Results of a search. Its query is in the address. */
export default function FindPage() {
  const { t } = useTranslation()
  const { businessId = '' } = useParams()
  const [params] = useSearchParams()
  const q = params.get('q') ?? ''
  const query = useInfiniteQuery(foundQuery(useApi(), businessId, q))
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = query
  const found = data?.pages.flatMap((page) => page.notifications)
  const contacts = new Set(found?.map(({ contactId }) => contactId))
  const [contact] = contacts
  const searchedBackTo = data?.pages.at(-1)?.searchedBackTo
  const title = t('find.title', { query: q })
  usePageTitle(title)
  const [only] = found ?? []
  // A webhook-id names one notification.
  if (only && only.deliveryId === q) return <Navigate replace to={notificationPath(businessId, only.id)} />
  return (
    <Stack>
      <Group justify="space-between">
        <Title order={1} size="h2">
          {title}
        </Title>
        {contacts.size === 1 && contact !== undefined && (
          <Button component={Link} variant="default" to={conversationPath(businessId, contact)}>
            {t('find.conversation', { contact })}
          </Button>
        )}
      </Group>
      <MaskedNote />
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <PageSkeleton rows={[200]} />}
      {found?.length === 0 && (
        <Empty icon={<IconMailSearch size={40} aria-hidden />} title={t('find.empty')} text={t('find.emptyText')} />
      )}
      {found && found.length > 0 && <FoundTable businessId={businessId} search={q} found={found} />}
      {data?.pages.some(({ isComplete }) => !isComplete) && (
        <Alert color="yellow" variant="outline">
          {t('find.incomplete')}
        </Alert>
      )}
      {searchedBackTo !== undefined && (
        <SearchedBack
          to={searchedBackTo}
          hasMore={hasNextPage}
          isLoading={isFetchingNextPage}
          onMore={() => void fetchNextPage()}
          announced
        />
      )}
    </Stack>
  )
}
