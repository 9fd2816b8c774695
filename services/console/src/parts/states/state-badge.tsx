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
import { useTranslation } from 'react-i18next'
import type { WebhookState } from '../../api/types.ts'
import { type BadgeLook, IconBadge } from './icon-badge.tsx'

const looks: Record<WebhookState, BadgeLook> = {
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

/** The state of a webhook. */
export function StateBadge({ state }: { state: WebhookState }) {
  const { t } = useTranslation()
  return <IconBadge look={looks[state]} text={t(`state.${state}`)} />
}
