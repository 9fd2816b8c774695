import { Button, Group, NativeSelect, Stack, Text, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { chatPlatforms } from '../../../../domain/event/event.ts'
import { samplesFor } from '../../../../domain/event/samples.ts'
import { sampleQuery } from '../../api/queries.ts'
import { useApi } from '../../api/session.tsx'
import type { SampleName, WantedEvents } from '../../api/types.ts'
import { Failure } from '../page/failure.tsx'
import { parseNotification, type TestChoice, toEditorText } from './test-wish.ts'
import classes from './tests.module.css'
import type { TestChoosing } from './use-test-choice.ts'

type Props = {
  businessId: string
  events: WantedEvents
  channels: readonly string[]
  choosing: TestChoosing
  /** Reads the body of the last real notification; null if there is none. Absent for a webhook that is not saved. */
  readLast?: () => Promise<string | null>
}

/** Choice of what a test sends: a sample of what the webhook receives, or any JSON. */
export function TestFields({ businessId, events, channels, choosing, readLast }: Props) {
  const { t } = useTranslation()
  const { choice, choose, sample: wish } = choosing
  const { edited } = choice
  const sample = useQuery(sampleQuery(useApi(), businessId, wish))
  const text = edited ?? (sample.data ? toEditorText(sample.data.notification) : '')
  const change = (changed: Partial<TestChoice>) => choose({ ...choice, ...changed, edited: null })
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {t('test.help')}
      </Text>
      <div className={classes.choices}>
        <NativeSelect
          label={t('test.event')}
          value={wish.event}
          onChange={({ target }) => change({ event: target.value as SampleName })}
          data={samplesFor(events).map((name) => ({ value: name, label: t(`test.events.${name}`) }))}
        />
        {channels.length > 1 && (
          <NativeSelect
            label={t('story.channel')}
            value={wish.chatChannelId}
            onChange={({ target }) => change({ chatChannelId: target.value })}
            data={[...channels]}
          />
        )}
        <NativeSelect
          label={t('test.platform')}
          value={choice.chatPlatform}
          onChange={({ target }) => change({ chatPlatform: target.value })}
          data={[{ value: '', label: wish.chatPlatform ?? t('test.samplePlatform') }, ...chatPlatforms]}
        />
      </div>
      {sample.error && edited === null && <Failure error={sample.error} />}
      <Textarea
        label={t('test.json')}
        classNames={{ input: classes.json }}
        value={text}
        onChange={({ currentTarget }) => choose({ ...choice, edited: currentTarget.value })}
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
            onClick={() => void readLast().then((last) => last !== null && choose({ ...choice, edited: last }))}
          >
            {t('test.last')}
          </Button>
        )}
        {edited !== null && (
          <Button size="xs" variant="default" onClick={() => change({})}>
            {t('test.reset')}
          </Button>
        )}
      </Group>
    </Stack>
  )
}
