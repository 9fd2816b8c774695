import { Group, Stack, Text, Title } from '@mantine/core'
import { IconMessages } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { foundQuery } from '../../api/queries.ts'
import { useApi } from '../../api/session.tsx'
import type { FoundNotification } from '../../api/types.ts'
import { Time } from '../../parts/figures/time.tsx'
import { Empty } from '../../parts/page/empty.tsx'
import { Failure } from '../../parts/page/failure.tsx'
import { PageSkeleton } from '../../parts/page/page-skeleton.tsx'
import { usePageTitle } from '../../parts/page/use-page-title.ts'
import { FateBadge, useFateReason } from '../../parts/states/fate-badge.tsx'
import { MaskedNote } from '../../parts/texts/masked-note.tsx'
import { useWhatText } from '../../parts/texts/what-text.ts'
import { notificationPath } from '../find/find-paths.ts'
import { SearchedBack } from '../find/searched-back.tsx'
import classes from './conversation.module.css'
import { waitsBehind } from './waits-behind.ts'

/** All notifications of one contact over all webhooks, oldest first, and what waits behind what. */
export default function ConversationPage() {
  const { t } = useTranslation()
  const { businessId = '', contactId = '' } = useParams()
  const query = useInfiniteQuery(foundQuery(useApi(), businessId, contactId))
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = query
  // A search also finds messages that only mention the contact.
  const found = data?.pages.flatMap((page) => page.notifications).filter((one) => one.contactId === contactId)
  const searchedBackTo = data?.pages.at(-1)?.searchedBackTo
  const title = t('find.conversation', { contact: contactId })
  usePageTitle(title)
  return (
    <Stack>
      <Title order={1} size="h2">
        {title}
      </Title>
      <MaskedNote />
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <PageSkeleton rows={[200]} />}
      {searchedBackTo !== undefined && (
        <SearchedBack
          to={searchedBackTo}
          hasMore={hasNextPage}
          isLoading={isFetchingNextPage}
          onMore={() => void fetchNextPage()}
        />
      )}
      {found?.length === 0 && <Empty icon={<IconMessages size={40} aria-hidden />} title={t('find.empty')} />}
      {found && found.length > 0 && <Notifications businessId={businessId} inOrder={found.toReversed()} />}
    </Stack>
  )
}

function Notifications({ businessId, inOrder }: { businessId: string; inOrder: FoundNotification[] }) {
  const { t } = useTranslation()
  const toWhat = useWhatText()
  const toReason = useFateReason()
  const behind = waitsBehind(inOrder)
  return (
    <ol className={classes.list}>
      {inOrder.map((one) => {
        const first = behind.get(one.id)
        const reason = toReason(one)
        return (
          <li key={one.id} className={classes.item} data-from={one.from ?? undefined}>
            <Link className={classes.what} to={notificationPath(businessId, one.id)}>
              {toWhat(one)}
            </Link>
            <Group gap="xs">
              <Text size="xs" c="dimmed">
                <Time at={one.at} />
                {one.webhookName !== null && ` · ${one.webhookName}`}
              </Text>
              <FateBadge fate={one.fate} />
              {reason !== '' && <Text size="xs">{reason}</Text>}
            </Group>
            {first && (
              <Text size="xs" c="dimmed">
                {t('story.behind', { what: toWhat(first) })}
              </Text>
            )}
          </li>
        )
      })}
    </ol>
  )
}
