import { useTranslation } from 'react-i18next'
import type { ProblemBody } from '../../api/problem.ts'
import { useFormats } from '../../format/use-formats.ts'
import { splitField } from './problem-words.ts'

type RefusedValue = NonNullable<ProblemBody['errors']>[number]

/** Why the API has refused a value: in the viewer's language, or in the server's words for a rule of a newer server. */
export function useRefusalText(): (refused: RefusedValue) => string {
  const { t, i18n } = useTranslation()
  const { count } = useFormats()
  return ({ field, message, code, limit = '' }) => {
    const isWorded: boolean = code !== undefined && i18n.exists(`form.refusals.${code}`)
    if (code === undefined || !isWorded) return `${t('form.mistakes.invalid')} (${message})`
    return t(`form.refusals.${code}`, {
      header: splitField(field)[1],
      limit: typeof limit === 'number' ? count(limit) : limit,
    })
  }
}
