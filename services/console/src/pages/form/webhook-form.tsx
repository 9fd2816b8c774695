import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import type { PropsWithChildren } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { DraftTest } from './draft-test.tsx'
import { AdvancedFields } from './fields/advanced-fields.tsx'
import { BasicFields } from './fields/basic-fields.tsx'
import { EventFields } from './fields/event-fields.tsx'
import { HeaderFields } from './fields/header-fields.tsx'
import { TrustFields } from './fields/trust-fields.tsx'
import type { Values } from './fields.ts'
import classes from './form.module.css'
import { useFirstMistake } from './use-first-mistake.ts'
import type { useWebhookForm } from './use-webhook-form.ts'

type Props = PropsWithChildren<{
  state: ReturnType<typeof useWebhookForm>
  businessId: string
  /** Absent for a new webhook. */
  id?: string
  busy: boolean
  /** Text of the submit button. */
  action: string
  backTo: string
  onSave: (values: Values) => void
}>

/** All fields of a definition. @param children notices above them. */
export function WebhookForm({ state, businessId, id, busy, action, backTo, onSave, children }: Props) {
  const { t } = useTranslation()
  const { form, isRestored, refusals, noteRefusal, discard, showRefusal, moving, move } = state
  const element = useFirstMistake(refusals)
  const mistakes = Object.keys(form.errors).length
  return (
    <form ref={element} noValidate onSubmit={form.onSubmit(onSave, noteRefusal)}>
      <Stack>
        {isRestored && (
          <Alert color="blue" variant="outline" title={t('form.restored')}>
            <Button size="xs" variant="default" onClick={discard}>
              {t('form.discard')}
            </Button>
          </Alert>
        )}
        {children}
        <BasicFields {...{ form, businessId, id, moving }} onMove={move} />
        <EventFields form={form} businessId={businessId} />
        <HeaderFields form={form} />
        <TrustFields form={form} businessId={businessId} />
        <AdvancedFields form={form} />
        <DraftTest form={form} businessId={businessId} id={id} showRefusal={showRefusal} onMistake={noteRefusal} />
        <Group className={classes.actions} justify="flex-end">
          <Text size="sm" c="var(--red)" role="status">
            {refusals > 0 && mistakes > 0 && t('form.mistakeCount', { count: mistakes })}
          </Text>
          <Button component={Link} to={backTo} variant="default" onClick={discard}>
            {t('cancel')}
          </Button>
          <Button type="submit" loading={busy}>
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}
