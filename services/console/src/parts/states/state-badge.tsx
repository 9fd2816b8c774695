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
import { stateTones } from './state-tones.ts'

const icons: Record<WebhookState, BadgeLook['Icon']> = {
  healthy: IconCircleCheck,
  idle: IconMoon,
  failing: IconAlertTriangle,
  degraded: IconActivity,
  blocked: IconHandStop,
  probing: IconHeartbeat,
  paused: IconPlayerPause,
  throttled: IconClockPause,
  conflict: IconPlugConnectedX,
  invalid: IconZoomExclamation,
  'not-activated': IconLock,
  off: IconPower,
}

/** The state of a webhook. */
export function StateBadge({ state }: { state: WebhookState }) {
  const { t } = useTranslation()
  return <IconBadge look={{ tone: stateTones[state], Icon: icons[state] }} text={t(`state.${state}`)} />
}
