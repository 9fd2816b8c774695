import { useTranslation } from 'react-i18next'
import { ApiProblem } from '../../api/problem.ts'

const known = [0, 401, 403, 404, 409, 412, 413, 422, 429, 503, 504] as const

/** What has gone wrong, in the viewer's language; the server's own words stand beside it where they say more. */
export function useProblemText(): (error: unknown) => string {
  const { t } = useTranslation()
  return (error) => {
    if (!(error instanceof ApiProblem)) return String(error)
    const status = known.find((one) => one === error.status)
    return status === undefined ? t('failure.other', { status: error.status }) : t(`failure.${status}`)
  }
}
