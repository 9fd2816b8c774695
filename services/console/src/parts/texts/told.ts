import { notifications } from '@mantine/notifications'
import { useTranslation } from 'react-i18next'
import { ApiProblem } from '../../api/problem.ts'
import { useProblemText } from './problem-text.ts'

/** Short messages about what was just done, read out by screen readers. */
export function useTold() {
  const { t } = useTranslation()
  const textOf = useProblemText()
  const close = { closeButtonProps: { 'aria-label': t('close') } }
  return {
    done: (message: string) => notifications.show({ message, color: 'teal', ...close }),
    failed: (error: unknown) => {
      // The page says by itself that the session has ended.
      if (error instanceof ApiProblem && error.status === 401) return
      const detail = error instanceof ApiProblem ? error.body.detail : undefined
      notifications.show({ title: textOf(error), message: detail ?? '', color: 'red', autoClose: 8_000, ...close })
    },
  }
}
