import { onlineManager } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { StreamState } from '../api/stream/changes.ts'
import { nowMs } from '../clock.ts'
import { useFormats } from '../format/use-formats.ts'
import classes from './shell.module.css'

/** Says that the page is not current, and since when: without a network, or without live updates. */
export function Connection({ stream }: { stream: StreamState }) {
  const { t } = useTranslation()
  const { clock } = useFormats()
  const offlineSinceMs = useOfflineSince()
  const interruptedMs = stream.kind === 'connecting' ? stream.sinceMs : null
  const text =
    offlineSinceMs !== null
      ? t('shell.offline', { time: clock(Math.min(offlineSinceMs, interruptedMs ?? offlineSinceMs)) })
      : interruptedMs !== null
        ? t('shell.interrupted', { time: clock(interruptedMs) })
        : ''
  // Always there: a screen reader announces only what changes within an element that it knows.
  return (
    <div role="status" className={text === '' ? undefined : classes.connection}>
      {text}
    </div>
  )
}

function useOfflineSince(): number | null {
  const [sinceMs, setSinceMs] = useState(() => (navigator.onLine ? null : nowMs()))
  useEffect(() => onlineManager.subscribe((isOnline) => setSinceMs(isOnline ? null : nowMs())), [])
  return sinceMs
}
