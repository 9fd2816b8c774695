import { Button, Group, NativeSelect, Stack, Text, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { chatPlatforms } from '../../../../domain/event/event.ts'
import { samplesFor } from '../../../../domain/event/samples.ts'
import { sampleQuery } from '../../api/queries.ts'
import { useApi } from '../../api/session.tsx'
import type { SampleName, WantedEvents } from '../../api/types.ts'
import { Failure } from '../page/failure.tsx'
import { chooseSample, parseNotification, type TestChoice, toEditorText } from './test-wish.ts'
import classes from './tests.module.css'

type Props = {
  businessId: string
  events: WantedEvents
  channels: readonly string[]
  value: TestChoice
  onChange: (choice: TestChoice) => void
  /** Reads the body of the last real notification; null if there is none. Absent for a webhook that is not saved. */
  readLast?: () => Promise<string | null>
}

/** Choice of what a test sends: a sample of what the webhook receives, or any JSON. */
export function TestFields({ businessId, events, channels, value, onChange, readLast }: Props) {
  const { t } = useTranslation()
  const event = chooseSample(value, events)
  const chatChannelId = channels.includes(value.chatChannelId) ? value.chatChannelId : (channels[0] ?? '')
  const { chatPlatform, edited } = value
  const wish = {
    event,
    ...(chatChannelId !== '' && { chatChannelId }),
    ...(chatPlatform !== '' && { chatPlatform }),
  }
  const sample = useQuery(sampleQuery(useApi(), businessId, wish))
  const text = edited ?? (sample.data ? toEditorText(sample.data.notification) : '')
  const choose = (change: Partial<TestChoice>) => onChange({ ...value, ...change, edited: null })
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {t('test.help')}
      </Text>
      <div className={classes.choices}>
        <NativeSelect
          label={t('test.event')}
          value={event}
          onChange={({ target }) => choose({ event: target.value as SampleName })}
          data={samplesFor(events).map((name) => ({ value: name, label: t(`test.events.${name}`) }))}
        />
        {channels.length > 1 && (
          <NativeSelect
            label={t('story.channel')}
            value={chatChannelId}
            onChange={({ target }) => choose({ chatChannelId: target.value })}
            data={[...channels]}
          />
        )}
        <NativeSelect
          label={t('test.platform')}
          value={chatPlatform}
          onChange={({ target }) => choose({ chatPlatform: target.value })}
          data={[{ value: '', label: t('test.samplePlatform') }, ...chatPlatforms]}
        />
      </div>
      {sample.error && edited === null && <Failure error={sample.error} />}
      <Textarea
        label={t('test.json')}
        classNames={{ input: classes.json }}
        value={text}
        onChange={({ currentTarget }) => onChange({ ...value, edited: currentTarget.value })}
        error={edited !== null && parseNotification(edited) === null && t('test.notJson')}
        autosize
        minRows={4}
        maxRows={16}
        spellCheck={false}
      />
      <Group gap="sm">
        {readLast && (
          <Button
            size="xs"
            variant="default"
            onClick={() => void readLast().then((last) => last !== null && onChange({ ...value, edited: last }))}
          >
            {t('test.last')}
          </Button>
        )}
        {edited !== null && (
          <Button size="xs" variant="default" onClick={() => choose({})}>
            {t('test.reset')}
          </Button>
        )}
      </Group>
    </Stack>
  )
}
