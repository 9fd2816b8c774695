import { Text } from '@mantine/core'
import { useCallback, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Failure } from '../../parts/page/failure.tsx'
import { Standalone } from '../../parts/page/standalone.tsx'
import { usePageTitle } from '../../parts/page/use-page-title.ts'

const againMs = 5_000

/** Shown while the server does not say who is signed in. It is asked again every few seconds. */
export function UnavailablePage({ error, onRetry }: { error: unknown; onRetry: () => Promise<void> }) {
  const { t } = useTranslation()
  const [isAsking, setAsking] = useState(false)
  usePageTitle(t('failure.title'))
  const ask = useCallback(() => {
    setAsking(true)
    void onRetry().finally(() => setAsking(false))
  }, [onRetry])
  useEffect(() => {
    if (isAsking) return
    const timer = setTimeout(ask, againMs)
    window.addEventListener('online', ask)
    return () => {
      clearTimeout(timer)
      window.removeEventListener('online', ask)
    }
  }, [isAsking, ask])
  return (
    <Standalone>
      <Failure error={error} onRetry={ask} />
      <Text size="sm" c="dimmed">
        {t('failure.again')}
      </Text>
    </Standalone>
  )
}
