import { Button, Group } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import { useInfiniteQuery } from '@tanstack/react-query'
import { type PropsWithChildren, type ReactNode, useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, type LinkProps, useLocation, useNavigate } from 'react-router'
import { maskedValue } from '../../../../domain/definition/definition-values.ts'
import { foundQuery } from '../../api/queries.ts'
import { useApi } from '../../api/session.tsx'
import type { FoundNotification, NotificationStory } from '../../api/types.ts'
import { notificationPath, type OpenedFrom } from '../find/find-paths.ts'
import { findNeighbours } from './neighbours.ts'
import classes from './notification.module.css'

/** Pages of the list that are loaded to find the neighbours: each may search much of message-events. */
const maxPages = 5

/**
 * Links to the notifications before and after this one, also by the keys k and j. They replace the page, so that Back
 * leads to the list.
 */
export function NeighbourLinks({ businessId, story }: { businessId: string; story: NotificationStory }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const state = useLocation().state as OpenedFrom | null
  const { previous, next } = useNeighbours(businessId, story, state?.search)
  const link = (to: FoundNotification) => ({ to: notificationPath(businessId, to.id), replace: true, state })
  const go = (to: FoundNotification | undefined) => {
    if (to === undefined || document.querySelector('[aria-modal=true]') !== null) return
    const { to: path, ...options } = link(to)
    void navigate(path, options)
  }
  useHotkeys([
    ['k', () => go(previous)],
    ['j', () => go(next)],
  ])
  return (
    <Group gap="xs" wrap="nowrap">
      {previous && (
        <Neighbour
          {...link(previous)}
          hotkey="k"
          left={<IconChevronLeft size={16} aria-hidden />}
          right={<Key name="k" />}
        >
          {t('story.previous')}
        </Neighbour>
      )}
      {next && (
        <Neighbour
          {...link(next)}
          hotkey="j"
          left={<Key name="j" />}
          right={<IconChevronRight size={16} aria-hidden />}
        >
          {t('story.following')}
        </Neighbour>
      )}
    </Group>
  )
}

type NeighbourProps = PropsWithChildren<LinkProps & { hotkey: string; left: ReactNode; right: ReactNode }>

function Neighbour({ hotkey, left, right, ...link }: NeighbourProps) {
  return (
    <Button
      component={Link}
      {...link}
      variant="default"
      size="xs"
      aria-keyshortcuts={hotkey}
      leftSection={left}
      rightSection={right}
    />
  )
}

function Key({ name }: { name: string }) {
  return (
    <kbd className={classes.key} aria-hidden>
      {name}
    </kbd>
  )
}

/** @param search what the notification was found by; undefined if it was opened in another way. */
function useNeighbours(businessId: string, story: NotificationStory, search: string | undefined) {
  // Contacts whose ids are masked as a whole cannot be told apart.
  const enabled = search !== undefined || story.contactId !== maskedValue
  const list = foundQuery(useApi(), businessId, search ?? story.contactId)
  const query = useInfiniteQuery({ ...list, enabled })
  const { data, hasNextPage, isFetching, isFetchNextPageError, fetchNextPage } = query
  const pages = data?.pages ?? []
  const found = pages.flatMap((page) => page.notifications)
  const neighbours = findNeighbours(found, story, search !== undefined)
  const mayLoad = hasNextPage && !isFetching && !isFetchNextPageError && pages.length < maxPages
  const loads = neighbours.needsMore && mayLoad
  useEffect(() => {
    if (loads) void fetchNextPage()
  }, [loads, fetchNextPage])
  return neighbours
}
