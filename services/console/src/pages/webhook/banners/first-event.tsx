import { Alert, Button, List, Text } from '@mantine/core'
import { IconHourglass } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { channelsQuery } from '../../../api/queries.ts'
import { useApi, useMay } from '../../../api/session.tsx'
import type { Webhook } from '../../../api/types.ts'
import { Time } from '../../../parts/figures/time.tsx'
import { TestDialog } from '../tests/test-dialog.tsx'

const pollMs = 15_000
const shownChannels = 5

/** For a webhook without any attempt: which channels it waits for, when they last had an event, and a test meanwhile. */
export function FirstEvent({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation()
  const mayWrite = useMay('webhooks:write')
  const [isTesting, setTesting] = useState(false)
  const { businessId, channels } = webhook
  const { data } = useQuery({ ...channelsQuery(useApi(), businessId), refetchInterval: pollMs })
  const seenAt = new Map(data?.channels.map(({ chatChannelId, lastSeenAt }) => [chatChannelId, lastSeenAt]))
  return (
    <Alert mb="md" color="blue" variant="outline" title={t('firstEvent.title')} icon={<IconHourglass aria-hidden />}>
      {channels.length === 0 && <Text size="sm">{t('list.noChannels')}</Text>}
      <List size="sm" mb="xs">
        {channels.slice(0, shownChannels).map((channel) => {
          const at = seenAt.get(channel)
          return (
            <List.Item key={channel}>
              {channel}
              {data && (
                <>
                  {': '}
                  {at === undefined ? t('firstEvent.none') : <Seen at={at} />}
                </>
              )}
            </List.Item>
          )
        })}
        {channels.length > shownChannels && (
          <List.Item>{t('list.moreChannels', { count: channels.length - shownChannels })}</List.Item>
        )}
      </List>
      {mayWrite && (
        <Button size="xs" onClick={() => setTesting(true)}>
          {t('firstEvent.test')}
        </Button>
      )}
      <TestDialog webhook={webhook} opened={isTesting} onClose={() => setTesting(false)} />
    </Alert>
  )
}

function Seen({ at }: { at: string }) {
  const { t } = useTranslation()
  return (
    <>
      {t('firstEvent.last')} <Time at={at} />
    </>
  )
}
