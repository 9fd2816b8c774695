import { ActionIcon, Button, Stack, Text, TextInput } from '@mantine/core'
import { IconPlus, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Card } from '../../../parts/page/card.tsx'
import classes from '../form.module.css'
import type { WebhookFormState } from '../use-webhook-form.ts'

/** Custom request headers. A stored value is shown as ***, and *** keeps it. */
export function HeaderFields({ form }: { form: WebhookFormState }) {
  const { t } = useTranslation()
  const { headers } = form.values
  const [added, setAdded] = useState(-1)
  return (
    <Card title={t('form.headers')}>
      <Stack gap="sm" align="stretch">
        <Text size="sm" c="dimmed">
          {t('form.headersHelp')}
        </Text>
        {headers.map((_header, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: names change while they are typed.
          <div key={index} className={classes.header}>
            <TextInput
              label={t('form.headerName')}
              placeholder="X-Api-Key"
              autoFocus={index === added}
              {...form.getInputProps(`headers.${index}.name`)}
            />
            <TextInput
              label={t('form.headerValue')}
              autoComplete="off"
              {...form.getInputProps(`headers.${index}.value`)}
            />
            <ActionIcon
              variant="default"
              size={36}
              aria-label={t('form.removeHeader')}
              onClick={() => {
                form.removeListItem('headers', index)
                form.clearFieldError('headers')
              }}
            >
              <IconTrash size={16} aria-hidden />
            </ActionIcon>
          </div>
        ))}
        {form.errors.headers && (
          <Text size="sm" c="var(--red)" role="alert" tabIndex={-1} data-mistake>
            {form.errors.headers}
          </Text>
        )}
        <Button
          className={classes.short}
          variant="default"
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={() => {
            setAdded(headers.length)
            form.insertListItem('headers', { name: '', value: '' })
          }}
        >
          {t('form.addHeader')}
        </Button>
      </Stack>
    </Card>
  )
}
