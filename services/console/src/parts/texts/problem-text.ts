import { useTranslation } from 'react-i18next'
import { ApiProblem } from '../../api/problem.ts'

const known = [0, 401, 403, 404, 409, 412, 413, 422, 429, 503, 504] as const

/** What went wrong and what to do, in the viewer's language. */
export function useProblemText(): (error: unknown) => string {
  const { t } = useTranslation()
  return (error) => {
    if (!(error instanceof ApiProblem)) return String(error)
    const status = known.find((one) => one === error.status)
    return status === undefined ? t('failure.other', { status: error.status }) : t(`failure.${status}`)
  }
}

/** The server's own words, which say more but in English only; empty when no answer came. */
export function serverDetail(error: unknown): string {
  return error instanceof ApiProblem && error.status >= 400 ? (error.body.detail ?? '') : ''
}
