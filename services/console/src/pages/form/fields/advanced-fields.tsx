import { Checkbox, NativeSelect, NumberInput, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { blockedChoices, retryProfiles } from '../../../../../domain/definition/definition-values.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { Card } from '../../../parts/page/card.tsx'
import { allowedRange, isNeverSlow, type NumberField } from '../fields.ts'
import classes from '../form.module.css'
import type { WebhookFormState } from '../use-webhook-form.ts'

/** Settings of the delivery. The defaults suit most webhooks. */
export function AdvancedFields({ form }: { form: WebhookFormState }) {
  const { t } = useTranslation()
  const { count } = useFormats()
  const inWords = (field: NumberField) => {
    const { min, max } = allowedRange(field)
    return { min: count(min), max: count(max) }
  }
  // A number out of range stays as it was typed and is refused, rather than replaced without a word.
  const limits = (field: NumberField) => ({ ...allowedRange(field), clampBehavior: 'none' }) as const
  return (
    <Card title={t('form.delivery')}>
      <div className={classes.pair}>
        <NumberInput
          label={t('form.timeoutMs')}
          description={t('form.timeoutMsHelp', inWords('timeoutMs'))}
          {...limits('timeoutMs')}
          step={1_000}
          suffix=" ms"
          {...form.getInputProps('timeoutMs')}
        />
        <div>
          <NumberInput
            label={t('form.slowThresholdMs')}
            description={t('form.slowThresholdMsHelp', inWords('slowThresholdMs'))}
            {...limits('slowThresholdMs')}
            step={100}
            suffix=" ms"
            {...form.getInputProps('slowThresholdMs')}
          />
          <div role="status">
            {isNeverSlow(form.values) && (
              <Text size="sm" c="var(--yellow)" mt={4}>
                {t('form.neverSlow')}
              </Text>
            )}
          </div>
        </div>
        <NativeSelect
          label={t('form.retryProfile')}
          description={t(`form.profilesHelp.${form.values.retryProfile}`)}
          data={retryProfiles.map((value) => ({ value, label: t(`form.profiles.${value}`) }))}
          {...form.getInputProps('retryProfile')}
        />
        <NativeSelect
          label={t('form.whenBlocked')}
          description={t(`form.blockingsHelp.${form.values.whenBlocked}`)}
          data={blockedChoices.map((value) => ({ value, label: t(`form.blockings.${value}`) }))}
          {...form.getInputProps('whenBlocked')}
        />
        <NumberInput
          label={t('form.maxInFlight')}
          description={t('form.maxInFlightHelp', inWords('maxInFlight'))}
          {...limits('maxInFlight')}
          {...form.getInputProps('maxInFlight')}
        />
        <NumberInput
          label={t('form.rateLimitPerSecond')}
          description={t('form.rateLimitPerSecondHelp', inWords('rateLimitPerSecond'))}
          {...limits('rateLimitPerSecond')}
          placeholder={t('form.noLimit')}
          {...form.getInputProps('rateLimitPerSecond')}
        />
        <NumberInput
          label={t('form.bufferSeconds')}
          description={t('form.bufferSecondsHelp', inWords('bufferSeconds'))}
          {...limits('bufferSeconds')}
          suffix=" s"
          {...form.getInputProps('bufferSeconds')}
        />
      </div>
      <Checkbox
        mt="md"
        label={t('form.collapseStatuses')}
        description={t('form.collapseStatusesHelp')}
        {...form.getInputProps('collapseStatuses', { type: 'checkbox' })}
      />
    </Card>
  )
}
