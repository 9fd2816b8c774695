import { Anchor, Stack, Switch, TagsInput, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { webhooksQuery } from '../../api/queries.ts'
import { useApi } from '../../api/session.tsx'
import { Card } from '../../parts/page/card.tsx'
import { pagePath } from '../webhook/use-place.ts'
import { takenChannels } from './channels.ts'
import type { WebhookFormState } from './use-webhook-form.ts'

type Props = { form: WebhookFormState; businessId: string; id?: string }

export function BasicFields({ form, businessId, id }: Props) {
  const { t } = useTranslation()
  const { data = [] } = useQuery(webhooksQuery(useApi(), businessId))
  const taken = takenChannels(form.values.channels, data, id)
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
        <div>
          <TagsInput
            label={t('form.channels')}
            description={t('form.channelsHelp')}
            placeholder={form.values.channels.length === 0 ? t('form.channelsHint') : undefined}
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
            {taken.map(({ channel, webhookId, name }) => (
              <Text key={channel} size="sm" c="var(--red)" mt={4}>
                {t('form.taken', { channel, name })}{' '}
                <Anchor component={Link} size="sm" underline="always" to={pagePath({ businessId, id: webhookId })}>
                  {t('form.showOwner')}
                </Anchor>
              </Text>
            ))}
          </div>
        </div>
        <Switch
          label={t('form.enabled')}
          description={t('form.enabledHelp')}
          {...form.getInputProps('enabled', { type: 'checkbox' })}
        />
      </Stack>
    </Card>
  )
}
