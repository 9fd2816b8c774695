import { notifications } from '@mantine/notifications'
import { createElement } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiProblem } from '../../api/problem.ts'
import { useProblemReason, useProblemText } from './problem-text.ts'
import { UndoMessage } from './undo-message.tsx'

const undoMs = 10_000
let nextUndo = 0

/** Short messages about the latest action, read out by screen readers. */
export function useNotices() {
  const { t } = useTranslation()
  const toText = useProblemText()
  const toReason = useProblemReason()
  const close = { closeButtonProps: { 'aria-label': t('close') } }
  const failed = (error: unknown) => {
    // The page itself shows that the session has ended.
    if (error instanceof ApiProblem && error.status === 401) return
    notifications.show({
      title: toText(error),
      message: toReason(error).text,
      color: 'red',
      autoClose: 8_000,
      ...close,
    })
  }
  return {
    failed,
    /** A file of the console could not be loaded. */
    unloaded: (reason: unknown) => failed(new ApiProblem({ status: 0, detail: String(reason) })),
    done: (message: string) => notifications.show({ message, color: 'teal', ...close }),
    /** A message with a button that undoes the action, for ten seconds. */
    undoable: (message: string, label: string, undo: () => void) => {
      const id = `undo-${nextUndo++}`
      const onUndo = () => {
        notifications.hide(id)
        undo()
      }
      const shown = createElement(UndoMessage, { message, label, onUndo })
      notifications.show({ id, message: shown, color: 'gray', autoClose: undoMs, ...close })
    },
  }
}
