import { useTranslation } from 'react-i18next'
import type { AttemptOutcome } from '../../api/types.ts'
import { useCauseText } from '../texts/cause-text.ts'
import classes from './badge.module.css'

const tones: Record<AttemptOutcome, string> = { success: 'green', slow: 'yellow', error: 'red', rejected: 'violet' }

/** The outcome of one attempt. @param detail such as the status or the cause. */
export function OutcomeBadge({ outcome, detail }: { outcome: AttemptOutcome; detail?: string | number | null }) {
  const causeText = useCauseText()
  const { t } = useTranslation()
  return (
    <span className={classes.badge} data-tone={tones[outcome]}>
      {t(`outcomeOfOne.${outcome}`)}
      {detail !== undefined && detail !== null && <span className={classes.detail}>{causeText(detail)}</span>}
    </span>
  )
}
