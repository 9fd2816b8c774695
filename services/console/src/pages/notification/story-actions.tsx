import { Button, Group, Text } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { IconRepeat, IconTerminal2 } from '@tabler/icons-react'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { keys } from '../../api/keys.ts'
import { webhookQuery } from '../../api/queries.ts'
import { useApi, useMay } from '../../api/session.tsx'
import type { NotificationStory, Webhook } from '../../api/types.ts'
import { Confirm } from '../../parts/page/confirm.tsx'
import { toCurl } from '../../parts/requests/curl.ts'
import { useNotices } from '../../parts/texts/notices.ts'
import { useStartReplay } from '../webhook/replays/use-replay.ts'
import { useResendObstacle } from '../webhook/use-resend-obstacle.ts'

type Props = { businessId: string; story: NotificationStory }

/** Buttons of a notification: send it again, copy its request. */
export function StoryActions({ businessId, story }: Props) {
  const { t } = useTranslation()
  const { copied, copy } = useClipboard()
  const mayWrite = useMay('webhooks:write')
  const mayRead = useMay('webhooks:bodies')
  const request = story.tries.at(-1)?.request
  return (
    <Group gap="sm">
      {mayWrite && story.webhookId !== null && story.deliveryId !== null && (
        <WithWebhook businessId={businessId} story={story} webhookId={story.webhookId} deliveryId={story.deliveryId} />
      )}
      {request && mayRead && (
        <Button
          variant="default"
          leftSection={<IconTerminal2 size={16} aria-hidden />}
          onClick={() => copy(toCurl(request))}
        >
          {copied ? t('copied') : t('story.curl')}
        </Button>
      )}
    </Group>
  )
}

type Named = Props & { webhookId: string; deliveryId: string }

function WithWebhook({ businessId, story, webhookId, deliveryId }: Named) {
  const { data: webhook } = useQuery(webhookQuery(useApi(), businessId, webhookId))
  return webhook ? <Resend webhook={webhook} story={story} deliveryId={deliveryId} /> : null
}

/** Sends it again; one that has arrived only after a question, because the receiver gets it twice. */
function Resend({ webhook, story, deliveryId }: { webhook: Webhook; story: NotificationStory; deliveryId: string }) {
  const { t } = useTranslation()
  const [isAsking, setAsking] = useState(false)
  const obstacle = useResendObstacle(webhook)
  const start = useStartReplay(webhook)
  const notices = useNotices()
  const queries = useQueryClient()
  const hasArrived = story.fate === 'delivered'
  const send = () =>
    start.mutate(
      { deliveryId },
      {
        onSuccess: () => {
          setAsking(false)
          notices.done(t('story.resent'))
          void queries.invalidateQueries({ queryKey: keys.notification(webhook.businessId, story.id) })
        },
      },
    )
  return (
    <>
      <Button
        variant={hasArrived ? 'default' : 'filled'}
        leftSection={<IconRepeat size={16} aria-hidden />}
        loading={start.isPending}
        disabled={obstacle !== null}
        onClick={hasArrived ? () => setAsking(true) : send}
      >
        {t('attempt.again')}
      </Button>
      {obstacle !== null && (
        <Text size="sm" c="dimmed">
          {t(`replay.${obstacle}`)}
        </Text>
      )}
      <Confirm
        opened={isAsking}
        title={t('story.arrived')}
        text={t('story.arrivedText')}
        action={t('story.second')}
        busy={start.isPending}
        onConfirm={send}
        onClose={() => setAsking(false)}
      />
    </>
  )
}
