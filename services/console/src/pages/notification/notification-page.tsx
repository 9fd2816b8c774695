import { Alert, Group, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'
import { maskedValue } from '../../../../domain/definition/definition-values.ts'
import { notificationQuery } from '../../api/queries.ts'
import { useApi } from '../../api/session.tsx'
import type { NotificationStory } from '../../api/types.ts'
import { Card } from '../../parts/page/card.tsx'
import { Failure } from '../../parts/page/failure.tsx'
import { PageSkeleton } from '../../parts/page/page-skeleton.tsx'
import { usePageTitle } from '../../parts/page/use-page-title.ts'
import { Copyable } from '../../parts/requests/copy-button.tsx'
import { FateBadge, useFateReason } from '../../parts/states/fate-badge.tsx'
import { MaskedNote } from '../../parts/texts/masked-note.tsx'
import { useWhatText } from '../../parts/texts/what-text.ts'
import { conversationPath } from '../find/find-paths.ts'
import { pagePath } from '../webhook/page-path.ts'
import { Content } from './content.tsx'
import { NeighbourLinks } from './neighbour-links.tsx'
import classes from './notification.module.css'
import { StoryActions } from './story-actions.tsx'
import { Timeline } from './timeline-list.tsx'

/** One notification from its event to its end, with an address of its own. */
export default function NotificationPage() {
  const { t } = useTranslation()
  const { businessId = '', notificationId = '' } = useParams()
  const { data, error, refetch } = useQuery(notificationQuery(useApi(), businessId, notificationId))
  usePageTitle(t('story.title'))
  if (error && !data) return <Failure error={error} onRetry={() => void refetch()} />
  if (!data) return <PageSkeleton rows={[32, 60, 240]} />
  return <Story businessId={businessId} story={data} />
}

function Story({ businessId, story }: { businessId: string; story: NotificationStory }) {
  const { t } = useTranslation()
  const toWhat = useWhatText()
  const reason = useFateReason()(story)
  return (
    <Stack>
      <Group justify="space-between">
        <Group gap="sm" align="center">
          <Title order={1} size="h2" className={classes.title}>
            {toWhat(story)}
          </Title>
          <FateBadge fate={story.fate} />
        </Group>
        <NeighbourLinks businessId={businessId} story={story} />
      </Group>
      {(reason !== '' || story.fate === 'delivered') && (
        <Text>
          {story.fate === 'delivered' ? t('story.delivered', { count: story.attempts, n: story.attempts }) : reason}
        </Text>
      )}
      <MaskedNote />
      <dl className={classes.facts}>
        <Fact name={t('attempts.contact')}>
          {story.contactId === maskedValue ? (
            story.contactId
          ) : (
            <Link to={conversationPath(businessId, story.contactId)}>{story.contactId}</Link>
          )}{' '}
          {story.contactName !== null && story.contactName}
        </Fact>
        <Fact name={t('story.channel')}>
          {story.chatChannelId} ({story.chatPlatform})
        </Fact>
        <Fact name={t('find.webhook')}>
          {story.webhookId === null ? (
            '–'
          ) : (
            <Link to={pagePath({ businessId, id: story.webhookId })}>{story.webhookName ?? story.webhookId}</Link>
          )}
        </Fact>
        {story.deliveryId !== null && (
          <Fact name={t('attempts.delivery')}>
            <Copyable text={story.deliveryId} label={t('attempts.delivery')} />
          </Fact>
        )}
        <Fact name={t('story.event')}>
          <Copyable text={story.eventId} label={t('story.event')} />
        </Fact>
        <Fact name={t('story.messages')}>{story.messageIds.join(', ') || '–'}</Fact>
      </dl>
      <StoryActions businessId={businessId} story={story} />
      {!story.isComplete && (
        <Alert color="yellow" variant="outline">
          {t('find.incomplete')}
        </Alert>
      )}
      <Card title={t('story.happened')}>
        <Timeline story={story} />
      </Card>
      <Card title={t('story.content')}>
        <Content story={story} />
      </Card>
    </Stack>
  )
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
