import { Alert, Button, Group, Stack } from '@mantine/core'
import type { PropsWithChildren } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { AdvancedFields } from './advanced-fields.tsx'
import { BasicFields } from './basic-fields.tsx'
import { DraftTest } from './draft-test.tsx'
import { EventFields } from './event-fields.tsx'
import type { Values } from './fields.ts'
import classes from './form.module.css'
import { HeaderFields } from './header-fields.tsx'
import { TrustFields } from './trust-fields.tsx'
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
  const { form, isRestored, discard, showRefusal, moving, move } = state
  return (
    <form
      noValidate
      onSubmit={form.onSubmit(onSave, () => document.querySelector<HTMLElement>('[aria-invalid=true]')?.focus())}
    >
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
        <DraftTest form={form} businessId={businessId} id={id} showRefusal={showRefusal} />
        <Group className={classes.actions} justify="flex-end">
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
