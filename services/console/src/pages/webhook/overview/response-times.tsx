import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Stats } from '../../../api/types.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { Figures } from '../../../parts/figures/figures.tsx'
import { Card } from '../../../parts/page/card.tsx'

/** Fastest, average and slowest response of the last 30 minutes (contract.md, 1.8), and percentiles. */
export function ResponseTimesCard({ times }: { times: Stats['last30Minutes'] }) {
  const { t } = useTranslation()
  const { count, duration } = useFormats()
  const figure = (label: string, ms: number | null) => ({ label, value: ms === null ? '–' : duration(ms) })
  return (
    <Card
      title={t('times.title')}
      aside={
        <Text size="sm" c="dimmed">
          {t('times.answered', { count: times.answered, n: count(times.answered) })}
        </Text>
      }
    >
      <Figures
        figures={[
          figure(t('times.fastest'), times.fastestMs),
          figure(t('times.average'), times.averageMs),
          figure(t('times.slowest'), times.slowestMs),
          figure('p50', times.p50Ms),
          figure('p95', times.p95Ms),
          figure('p99', times.p99Ms),
        ]}
      />
    </Card>
  )
}
