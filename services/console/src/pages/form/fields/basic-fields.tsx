import { Stack, Switch, TextInput } from '@mantine/core'
import type { ComponentProps } from 'react'
import { useTranslation } from 'react-i18next'
import { Card } from '../../../parts/page/card.tsx'
import { ChannelFields } from '../channels/channel-fields.tsx'

type Props = ComponentProps<typeof ChannelFields>

export function BasicFields({ form, businessId, id, moving, onMove }: Props) {
  const { t } = useTranslation()
  return (
    <Card title={t('form.basics')}>
      <Stack>
        <TextInput
          label={t('form.name')}
          description={t('form.nameHelp')}
          required
          maxLength={200}
          {...form.getInputProps('name')}
        />
        <TextInput
          label={t('form.url')}
          description={t('form.urlHelp')}
          placeholder="https://example.com/hooks"
          inputMode="url"
          required
          maxLength={2048}
          {...form.getInputProps('url')}
        />
        <ChannelFields {...{ form, businessId, id, moving, onMove }} />
        <Switch
          label={t('form.enabled')}
          description={t('form.enabledHelp')}
          {...form.getInputProps('enabled', { type: 'checkbox' })}
        />
      </Stack>
    </Card>
  )
}
