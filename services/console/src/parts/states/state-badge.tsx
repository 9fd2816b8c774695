import {
  IconActivity,
  IconAlertTriangle,
  IconCircleCheck,
  IconClockPause,
  IconHandStop,
  IconHeartbeat,
  IconLock,
  IconMoon,
  IconPlayerPause,
  IconPlugConnectedX,
  IconPower,
  IconZoomExclamation,
} from '@tabler/icons-react'
import type { ComponentType } from 'react'
import { useTranslation } from 'react-i18next'
import type { WebhookState } from '../../api/types.ts'
import classes from './badge.module.css'

type Look = {
  tone: 'green' | 'yellow' | 'red' | 'violet' | 'blue' | 'gray'
  Icon: ComponentType<{ size: number; 'aria-hidden': true }>
}

const looks: Record<WebhookState, Look> = {
  healthy: { tone: 'green', Icon: IconCircleCheck },
  idle: { tone: 'blue', Icon: IconMoon },
  failing: { tone: 'yellow', Icon: IconAlertTriangle },
  degraded: { tone: 'yellow', Icon: IconActivity },
  blocked: { tone: 'red', Icon: IconHandStop },
  probing: { tone: 'yellow', Icon: IconHeartbeat },
  paused: { tone: 'blue', Icon: IconPlayerPause },
  throttled: { tone: 'yellow', Icon: IconClockPause },
  conflict: { tone: 'violet', Icon: IconPlugConnectedX },
  invalid: { tone: 'red', Icon: IconZoomExclamation },
  'not-activated': { tone: 'gray', Icon: IconLock },
  off: { tone: 'gray', Icon: IconPower },
}

/** State as word, icon and colour; each is understood without the others. */
export function StateBadge({ state }: { state: WebhookState }) {
  const { t } = useTranslation()
  const { tone, Icon } = looks[state]
  return (
    <span className={classes.badge} data-tone={tone}>
      <Icon size={14} aria-hidden />
      {t(`state.${state}`)}
    </span>
  )
}
