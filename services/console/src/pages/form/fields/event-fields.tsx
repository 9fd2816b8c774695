import { Anchor, Checkbox, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type EventName, eventNames } from '../../../../../domain/definition/definition-values.ts'
import { sampleQuery } from '../../../api/queries.ts'
import { useApi } from '../../../api/session.tsx'
import { Card } from '../../../parts/page/card.tsx'
import { Failure } from '../../../parts/page/failure.tsx'
import { CodeBlock } from '../../../parts/requests/code-block.tsx'
import { toEditorText } from '../../../parts/tests/test-wish.ts'
import classes from '../form.module.css'
import type { WebhookFormState } from '../use-webhook-form.ts'

/** Description of all requests, of which the notifications are `webhooks`. */
const reference = '/openapi.json'

/** Choice of the events that the webhook receives, each with a sample of what is sent. */
export function EventFields({ form, businessId }: { form: WebhookFormState; businessId: string }) {
  const { t } = useTranslation()
  return (
    <Card title={t('form.wanted')}>
      <fieldset className={classes.group} aria-label={t('form.wanted')}>
        {eventNames.map((name) => (
          <div key={name}>
            <Checkbox
              label={t(`form.events.${name}`)}
              description={t(`form.eventsHelp.${name}`)}
              {...form.getInputProps(`events.${name}`, { type: 'checkbox' })}
            />
            <Example name={name} businessId={businessId} />
          </div>
        ))}
      </fieldset>
      <Text size="sm" mt="sm">
        {t('form.reference')}{' '}
        <Anchor href={reference} target="_blank" rel="noreferrer" size="sm" underline="always">
          {reference}
        </Anchor>
      </Text>
    </Card>
  )
}

/** Sample of what is sent for one kind of event, read when it is opened. */
function Example({ name, businessId }: { name: EventName; businessId: string }) {
  const { t } = useTranslation()
  const [opened, setOpened] = useState(false)
  const { data, error } = useQuery({ ...sampleQuery(useApi(), businessId, { event: name }), enabled: opened })
  const label = t('form.example', { event: t(`form.events.${name}`) })
  return (
    <details className={classes.example} onToggle={({ currentTarget }) => setOpened(currentTarget.open)}>
      <summary aria-label={label}>{t('form.showExample')}</summary>
      {error && <Failure error={error} />}
      {data && <CodeBlock label={label} text={toEditorText(data.notification)} />}
    </details>
  )
}
