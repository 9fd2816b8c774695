import {
  IconCircleCheck,
  IconCircleX,
  IconClock,
  IconClockPause,
  IconHelpCircle,
  IconMailOff,
  IconRepeat,
} from '@tabler/icons-react'
import type { ComponentType } from 'react'
import { useTranslation } from 'react-i18next'
import type { Fate, FoundNotification } from '../../api/types.ts'
import classes from './badge.module.css'

type Look = {
  tone: 'green' | 'yellow' | 'red' | 'violet' | 'blue' | 'gray'
  Icon: ComponentType<{ size: number; 'aria-hidden': true }>
}

const looks: Record<Fate, Look> = {
  formatting: { tone: 'blue', Icon: IconClock },
  waiting: { tone: 'blue', Icon: IconClock },
  parked: { tone: 'yellow', Icon: IconClockPause },
  retrying: { tone: 'yellow', Icon: IconRepeat },
  delivered: { tone: 'green', Icon: IconCircleCheck },
  givenUp: { tone: 'red', Icon: IconCircleX },
  notSent: { tone: 'gray', Icon: IconMailOff },
  unknown: { tone: 'gray', Icon: IconHelpCircle },
}

/** What became of a notification, as word, icon and colour. */
export function FateBadge({ fate }: { fate: Fate }) {
  const { t } = useTranslation()
  const { tone, Icon } = looks[fate]
  return (
    <span className={classes.badge} data-tone={tone}>
      <Icon size={14} aria-hidden />
      {t(`fate.${fate}`)}
    </span>
  )
}

/** Why it was not sent, waits or was given up; empty where there is nothing to say. */
export function useFateReason(): (one: Pick<FoundNotification, 'fate' | 'reason'>) => string {
  const { t } = useTranslation()
  return ({ fate, reason }) => {
    switch (reason) {
      case null:
        return ''
      case 'unknown-channel':
      case 'not-activated':
      case 'off':
      case 'unwanted':
        return t(`notSent.${reason}`)
      case 'overflow':
      case 'paused':
        return t(`parkedFor.${reason}`)
      case 'breaker':
      case 'fault':
        return fate === 'parked' ? t(`parkedFor.${reason}`) : t(`dead.reasons.${reason}`)
      default:
        return t(`dead.reasons.${reason}`)
    }
  }
}
