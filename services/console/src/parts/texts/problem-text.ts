import { useTranslation } from 'react-i18next'
import { ApiProblem } from '../../api/problem.ts'
import { isOfField, readReasons, wordedStatuses } from './problem-words.ts'
import { useRefusalText } from './refusal-text.ts'

/** Text of a problem with what to do about it, in the viewer's language. */
export function useProblemText(): (error: unknown) => string {
  const { t } = useTranslation()
  return (error) => {
    if (!(error instanceof ApiProblem)) return String(error)
    const status = wordedStatuses.find((one) => one === error.status)
    return status === undefined ? t('failure.other', { status: error.status }) : t(`failure.${status}`)
  }
}

/**
 * Details of a problem: in the viewer's language if the console has words for them, otherwise in the server's English.
 */
export function useProblemReason(): (error: unknown) => { text: string; isEnglish: boolean } {
  const { t } = useTranslation()
  const toText = useRefusalText()
  return (error) => {
    if (!(error instanceof ApiProblem)) return { text: '', isEnglish: false }
    const { refused, taken, english } = readReasons(error.body)
    const words = [
      ...refused.map((each) => (isOfField(each) ? `${each.field}: ${toText(each)}` : toText(each))),
      ...taken.map(({ channel, name }) => t('form.taken', { channel, name })),
    ]
    return english === '' ? { text: words.join(' '), isEnglish: false } : { text: english, isEnglish: true }
  }
}
