import { Checkbox, PasswordInput, Stack, Text, Textarea, TextInput } from '@mantine/core'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { signatureSchemes } from '../../../../../domain/definition/definition-values.ts'
import { Card } from '../../../parts/page/card.tsx'
import { tlsFields } from '../fields.ts'
import classes from '../form.module.css'
import type { WebhookFormState } from '../use-webhook-form.ts'

type Props = { form: WebhookFormState; businessId: string }

/** How the receiver recognises Hookline, and Hookline the receiver. */
export function TrustFields({ form, businessId }: Props) {
  const { t } = useTranslation()
  const address = `${location.origin}/.well-known/webhook-keys/${encodeURIComponent(businessId)}`
  return (
    <Card title={t('form.trust')}>
      <Stack>
        <Checkbox.Group
          label={t('form.signatures')}
          data-mistake={form.errors.signatures ? true : undefined}
          {...form.getInputProps('signatures')}
        >
          <Stack gap="xs" mt="xs">
            {signatureSchemes.map((scheme) => (
              <Checkbox
                key={scheme}
                value={scheme}
                label={t(`form.schemes.${scheme}`)}
                description={t(`form.schemesHelp.${scheme}`, { address })}
              />
            ))}
          </Stack>
        </Checkbox.Group>
        <Group title={t('form.tls')} help={t('form.tlsHelp')} error={form.errors.tls}>
          {tlsFields.map((name) => (
            <Textarea
              key={name}
              label={t(`form.tlsFields.${name}`)}
              placeholder={name === 'key' ? '-----BEGIN PRIVATE KEY-----' : '-----BEGIN CERTIFICATE-----'}
              autosize
              minRows={1}
              maxRows={6}
              spellCheck={false}
              {...form.getInputProps(`tls.${name}`)}
            />
          ))}
        </Group>
        <Group title={t('form.oauth2')} help={t('form.oauth2Help')} error={form.errors.oauth2}>
          <div className={classes.pair}>
            <TextInput
              label={t('form.oauth2Fields.tokenUrl')}
              placeholder="https://"
              {...form.getInputProps('oauth2.tokenUrl')}
            />
            <TextInput label={t('form.oauth2Fields.scope')} {...form.getInputProps('oauth2.scope')} />
            <TextInput
              label={t('form.oauth2Fields.clientId')}
              autoComplete="off"
              {...form.getInputProps('oauth2.clientId')}
            />
            <PasswordInput
              label={t('form.oauth2Fields.clientSecret')}
              autoComplete="new-password"
              {...form.getInputProps('oauth2.clientSecret')}
            />
          </div>
        </Group>
      </Stack>
    </Card>
  )
}

type GroupProps = { title: string; help: string; error: ReactNode; children: ReactNode }

function Group({ title, help, error, children }: GroupProps) {
  return (
    <details className={classes.details} open={error ? true : undefined}>
      <summary>{title}</summary>
      <Stack gap="sm" mt="sm">
        <Text size="sm" c="dimmed">
          {help}
        </Text>
        {children}
        {error && (
          <Text size="sm" c="var(--red)" role="alert" tabIndex={-1} data-mistake>
            {error}
          </Text>
        )}
      </Stack>
    </details>
  )
}
