import { Checkbox } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { eventNames } from '../../../../domain/definition/definition-values.ts'
import { Card } from '../../parts/page/card.tsx'
import classes from './form.module.css'
import type { WebhookFormState } from './use-webhook-form.ts'

/** Choice of the events that the webhook receives. */
export function EventFields({ form }: { form: WebhookFormState }) {
  const { t } = useTranslation()
  return (
    <Card title={t('form.wanted')}>
      <fieldset className={classes.group} aria-label={t('form.wanted')}>
        {eventNames.map((name) => (
          <Checkbox
            key={name}
            label={t(`form.events.${name}`)}
            description={t(`form.eventsHelp.${name}`)}
            {...form.getInputProps(`events.${name}`, { type: 'checkbox' })}
          />
        ))}
      </fieldset>
    </Card>
  )
}
