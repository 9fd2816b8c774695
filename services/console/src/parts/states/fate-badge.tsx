import {
  IconCircleCheck,
  IconCircleX,
  IconClock,
  IconClockPause,
  IconHelpCircle,
  IconMailOff,
  IconRepeat,
} from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import type { Fate, FoundNotification } from '../../api/types.ts'
import { type BadgeLook, IconBadge } from './icon-badge.tsx'

const looks: Record<Fate, BadgeLook> = {
  formatting: { tone: 'blue', Icon: IconClock },
  waiting: { tone: 'blue', Icon: IconClock },
  parked: { tone: 'yellow', Icon: IconClockPause },
  retrying: { tone: 'yellow', Icon: IconRepeat },
  delivered: { tone: 'green', Icon: IconCircleCheck },
  givenUp: { tone: 'red', Icon: IconCircleX },
  notSent: { tone: 'gray', Icon: IconMailOff },
  unknown: { tone: 'gray', Icon: IconHelpCircle },
}

/** The fate of a notification. */
export function FateBadge({ fate }: { fate: Fate }) {
  const { t } = useTranslation()
  return <IconBadge look={looks[fate]} text={t(`fate.${fate}`)} />
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
      case 'superseded':
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
