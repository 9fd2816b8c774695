import { NativeSelect, NumberInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Card } from '../../parts/page/card.tsx'
import { blockings, profiles } from './fields.ts'
import classes from './form.module.css'
import type { WebhookFormState } from './use-webhook-form.ts'

/** How it is delivered. The defaults do for most. */
export function AdvancedFields({ form }: { form: WebhookFormState }) {
  const { t } = useTranslation()
  return (
    <Card title={t('form.delivery')}>
      <div className={classes.pair}>
        <NumberInput
          label={t('form.timeoutMs')}
          description={t('form.timeoutMsHelp')}
          min={1_000}
          max={30_000}
          step={1_000}
          suffix=" ms"
          {...form.getInputProps('timeoutMs')}
        />
        <NumberInput
          label={t('form.slowThresholdMs')}
          description={t('form.slowThresholdMsHelp')}
          min={1}
          max={30_000}
          step={100}
          suffix=" ms"
          {...form.getInputProps('slowThresholdMs')}
        />
        <NativeSelect
          label={t('form.retryProfile')}
          description={t(`form.profilesHelp.${form.values.retryProfile}`)}
          data={profiles.map((value) => ({ value, label: t(`form.profiles.${value}`) }))}
          {...form.getInputProps('retryProfile')}
        />
        <NativeSelect
          label={t('form.whenBlocked')}
          description={t(`form.blockingsHelp.${form.values.whenBlocked}`)}
          data={blockings.map((value) => ({ value, label: t(`form.blockings.${value}`) }))}
          {...form.getInputProps('whenBlocked')}
        />
        <NumberInput
          label={t('form.maxInFlight')}
          description={t('form.maxInFlightHelp')}
          min={1}
          max={1_000}
          {...form.getInputProps('maxInFlight')}
        />
        <NumberInput
          label={t('form.rateLimitPerSecond')}
          description={t('form.rateLimitPerSecondHelp')}
          min={0.1}
          max={100_000}
          placeholder={t('form.noLimit')}
          {...form.getInputProps('rateLimitPerSecond')}
        />
      </div>
    </Card>
  )
}
