import { useForm } from '@mantine/form'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiProblem } from '../../api/problem.ts'
import { useFormats } from '../../format/use-formats.ts'
import { splitField } from '../../parts/texts/problem-words.ts'
import { useRefusalText } from '../../parts/texts/refusal-text.ts'
import { allowedRange, isNumberField, mistakesIn, type Values } from './fields.ts'
import { forgetDraft, keptDraft, useKeptDraft } from './kept-draft.ts'

/**
 * The form's state: kept in this tab, checked before it is sent, and shown with what the API has refused.
 * @param filled values to begin with instead of those kept.
 */
export function useWebhookForm(key: string, initial: Values, filled?: Values) {
  const { t } = useTranslation()
  const { count } = useFormats()
  const toText = useRefusalText()
  const inWords = ({ min, max }: { min: number; max: number }) => ({ min: count(min), max: count(max) })
  const [kept] = useState(() => (filled ? null : keptDraft(key)))
  const [isRestored, setRestored] = useState(kept !== null)
  const [refusals, setRefusals] = useState(0)
  const noteRefusal = () => setRefusals((before) => before + 1)
  const form = useForm<Values>({
    // A draft that an earlier version has kept lacks the fields that are new.
    initialValues: { ...initial, ...kept, ...filled },
    validate: (values) =>
      Object.fromEntries(
        Object.entries(mistakesIn(values)).map(([field, mistake]) => [
          field,
          t(`form.mistakes.${mistake}`, isNumberField(field) ? inWords(allowedRange(field)) : {}),
        ]),
      ),
  })
  useKeptDraft(key, form.values, initial)
  const [moving, setMoving] = useState<string[]>([])
  return {
    form,
    isRestored,
    /** Channels to be taken from the webhooks that have them. */
    moving,
    move: (channel: string) => setMoving([...moving, channel]),
    /** Number of times that the values were refused so far, here or by the API. */
    refusals,
    noteRefusal,
    discard: () => {
      setRestored(false)
      form.setValues(initial)
      forgetDraft(key)
    },
    /** Shows the API's refusal beside the fields. @returns whether every problem belongs to a field of the form. */
    showRefusal: (error: unknown): boolean => {
      if (!(error instanceof ApiProblem)) return false
      const { errors = [], conflicts = [] } = error.body
      const byField = errors.map((refused) => [splitField(refused.field)[0], toText(refused)])
      const taken = conflicts.map(({ channel, name }) => t('form.taken', { channel, name }))
      const shown = { ...Object.fromEntries(byField), ...(taken.length > 0 && { channels: taken.join(' ') }) }
      form.setErrors(shown)
      noteRefusal()
      return Object.keys(shown).length > 0 && Object.keys(shown).every((field) => field in initial)
    },
  }
}

export type WebhookFormState = ReturnType<typeof useWebhookForm>['form']
