import { Anchor, Button, Group, TagsInput, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { channelsQuery, webhooksQuery } from '../../../api/queries.ts'
import { useApi } from '../../../api/session.tsx'
import { useFormats } from '../../../format/use-formats.ts'
import { pagePath } from '../../webhook/page-path.ts'
import type { WebhookFormState } from '../use-webhook-form.ts'
import { takenChannels, unseenChannels } from './channels.ts'

type Props = {
  form: WebhookFormState
  businessId: string
  id?: string | undefined
  /** Channels to be taken from the webhooks that have them, when the form is saved. */
  moving: readonly string[]
  onMove: (channel: string) => void
}

/** Choice of channels: suggests those with events, says whose one is, and warns of one that has had no event. */
export function ChannelFields({ form, businessId, id, moving, onMove }: Props) {
  const { t } = useTranslation()
  const { time } = useFormats()
  const api = useApi()
  const { channels } = form.values
  const { data: webhooks = [] } = useQuery(webhooksQuery(api, businessId))
  const { data: seen } = useQuery(channelsQuery(api, businessId))
  const taken = takenChannels(channels, webhooks, id)
  const lastSeen = new Map(seen?.channels.map((one) => [one.chatChannelId, one]))
  const since = seen?.searchedBackTo ?? null
  return (
    <div>
      <TagsInput
        label={t('form.channels')}
        description={t('form.channelsHelp')}
        placeholder={channels.length === 0 ? t('form.channelsHint') : undefined}
        data={[...lastSeen.keys()]}
        renderOption={({ option }) => {
          const one = lastSeen.get(option.value)
          return (
            <span>
              {option.value}
              {one && (
                <Text span size="sm" c="dimmed">
                  {` · ${one.chatPlatform} · ${t('form.lastEvent', { time: time(one.lastSeenAt) })}`}
                </Text>
              )}
            </span>
          )
        }}
        acceptValueOnBlur
        splitChars={[',', ' ', ';']}
        maxTags={1000}
        clearable
        clearButtonProps={{ 'aria-label': t('form.clearChannels') }}
        {...form.getInputProps('channels')}
        // The owners are named below; a refusal by the API says the same.
        error={taken.length > 0 ? form.errors.channels !== undefined : form.errors.channels}
      />
      <div role="status">
        {taken.map(({ channel, webhookId, name }) =>
          moving.includes(channel) ? (
            <Text key={channel} size="sm" mt={4}>
              {t('form.willMove', { channel, name })}
            </Text>
          ) : (
            <Group key={channel} gap="xs" mt={4}>
              <Text size="sm" c="var(--red)">
                {t('form.taken', { channel, name })}{' '}
                <Anchor component={Link} size="sm" underline="always" to={pagePath({ businessId, id: webhookId })}>
                  {t('form.showOwner')}
                </Anchor>
              </Text>
              <Button size="compact-sm" variant="default" onClick={() => onMove(channel)}>
                {t('form.move')}
              </Button>
            </Group>
          ),
        )}
        {seen &&
          unseenChannels(channels, seen).map((channel) => (
            <Text key={channel} size="sm" c="var(--yellow)" mt={4}>
              {since === null ? t('form.unseen', { channel }) : t('form.unseenSince', { channel, time: time(since) })}
            </Text>
          ))}
      </div>
    </div>
  )
}
