import { Button, Stack, Text } from '@mantine/core'
import { IconSend } from '@tabler/icons-react'
import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../api/session.tsx'
import type { TestWish } from '../../api/types.ts'
import { Card } from '../../parts/page/card.tsx'
import { Failure } from '../../parts/page/failure.tsx'
import { TestAnswer } from '../../parts/tests/test-answer.tsx'
import { TestFields } from '../../parts/tests/test-fields.tsx'
import { useTestChoice } from '../../parts/tests/use-test-choice.ts'
import { toDraft } from './fields.ts'
import classes from './form.module.css'
import type { WebhookFormState } from './use-webhook-form.ts'

type Props = {
  form: WebhookFormState
  businessId: string
  id?: string
  /** Shows a refusal of the draft beside the fields. */
  showRefusal: (error: unknown) => void
  /** Called when the draft has mistakes that were found here. */
  onMistake: () => void
}

/** Sends a sample with the form's values, before anything is saved. */
export function DraftTest({ form, businessId, id, showRefusal, onMistake }: Props) {
  const { t } = useTranslation()
  const api = useApi()
  const { events, channels } = form.values
  const choosing = useTestChoice(businessId, form.values)
  const { wish } = choosing
  const test = useMutation({
    mutationFn: (sent: TestWish) => {
      // A new webhook can be tested before it is switched on. An existing one must be on (contract.md, 1.5).
      const definition = { ...toDraft(form.values), ...(id === undefined ? { enabled: true } : { id }) }
      return api.call('testDraft', { path: { businessId }, body: { ...sent, definition } })
    },
    onError: (error) => showRefusal(error),
  })
  return (
    <Card title={t('form.tryTitle')}>
      <Stack align="stretch">
        <Text size="sm" c="dimmed">
          {t('form.tryText')}
        </Text>
        <TestFields {...{ businessId, events, channels, choosing }} />
        <Button
          className={classes.short}
          variant="default"
          leftSection={<IconSend size={16} aria-hidden />}
          loading={test.isPending}
          disabled={wish === null}
          onClick={() => wish && (form.validate().hasErrors ? onMistake() : test.mutate(wish))}
        >
          {t('test.send')}
        </Button>
        {test.error && <Failure error={test.error} />}
        {test.data && !test.isPending && <TestAnswer result={test.data} />}
      </Stack>
    </Card>
  )
}
