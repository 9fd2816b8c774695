import { Stack } from '@mantine/core'
import { lazy, Suspense } from 'react'
import type { Stats, Webhook } from '../../../api/types.ts'
import { Failure } from '../../../parts/page/failure.tsx'
import { PageSkeleton } from '../../../parts/page/page-skeleton.tsx'
import { Replays } from '../replays/replays.tsx'
import { Alerts } from './alerts.tsx'
import { Backlog } from './backlog.tsx'
import { ResponseTimesCard } from './response-times.tsx'

/** Loaded separately: its chart library is as large as the rest of the page. */
const Histogram = lazy(() => import('./histogram.tsx'))

type Props = { webhook: Webhook; stats: Stats | undefined; error: unknown; onRetry: () => void }

export function Overview({ webhook, stats, error, onRetry }: Props) {
  if (!stats) return error ? <Failure error={error} onRetry={onRetry} /> : <PageSkeleton rows={[300, 120]} />
  return (
    <Stack gap="md">
      <Suspense fallback={<PageSkeleton rows={[330]} />}>
        <Histogram webhook={webhook} stats={stats} />
      </Suspense>
      <ResponseTimesCard times={stats.last30Minutes} />
      <Backlog webhook={webhook} status={stats.status} />
      <Alerts webhook={webhook} />
      <Replays webhook={webhook} />
    </Stack>
  )
}
