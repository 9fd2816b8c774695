import { Stack } from '@mantine/core'
import type { Stats, Webhook } from '../../../api/types.ts'
import { Failure } from '../../../parts/page/failure.tsx'
import { loaded } from '../../../parts/page/loaded.tsx'
import { PageSkeleton } from '../../../parts/page/page-skeleton.tsx'
import { Replays } from '../replays/replays.tsx'
import { Alerts } from './alerts.tsx'
import { Backlog } from './backlog.tsx'
import { ResponseTimesCard } from './response-times.tsx'

/** Loaded separately: its chart library is as large as the rest of the page. */
const Histogram = loaded('histogram', () => import('./histogram.tsx'), [330])

type Props = { webhook: Webhook; stats: Stats | undefined; error: unknown; onRetry: () => void }

export function Overview({ webhook, stats, error, onRetry }: Props) {
  if (!stats) return error ? <Failure error={error} onRetry={onRetry} /> : <PageSkeleton rows={[300, 120]} />
  return (
    <Stack gap="md">
      <Histogram webhook={webhook} stats={stats} />
      <ResponseTimesCard times={stats.last30Minutes} />
      <Backlog webhook={webhook} status={stats.status} />
      <Alerts webhook={webhook} />
      <Replays webhook={webhook} />
    </Stack>
  )
}
