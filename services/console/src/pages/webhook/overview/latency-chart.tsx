import { LineChart } from '@mantine/charts'
import { Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { alertsQuery, auditPages } from '../../../api/queries.ts'
import { useApi } from '../../../api/session.tsx'
import type { Stats, Webhook } from '../../../api/types.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { Time } from '../../../parts/figures/time.tsx'
import type { Range } from './bins.ts'
import classes from './histogram.module.css'
import { findHighest, markKinds, toLatencies, toMarks } from './latencies.ts'

type Props = { webhook: Webhook; stats: Stats; range: Range; nowMs: number; labelOf: (startMs: number) => string }

/** Percentiles over the time of the histogram above, with what may explain them. The texts below say the same. */
export function LatencyChart({ webhook, stats, range, nowMs, labelOf }: Props) {
  const { t } = useTranslation()
  const { duration } = useFormats()
  const { businessId, id, slowThresholdMs } = webhook
  const api = useApi()
  const { queryKey, read } = auditPages(api, businessId, { webhookId: id })
  const audit = useQuery({ queryKey, queryFn: ({ signal }) => read('', signal) })
  const alerts = useQuery(alertsQuery(api, businessId, id))
  const points = useMemo(() => toLatencies(stats, range, nowMs), [stats, range, nowMs])
  const marks = toMarks(points, id, audit.data?.entries ?? [], alerts.data?.alerts ?? [])
  const highest = findHighest(points)
  const data = points.map((point) => ({ ...point, label: labelOf(point.startMs) }))
  // A threshold far above the times would press them into the axis.
  const isNear = highest !== null && highest.p95Ms * 2 >= slowThresholdMs
  if (highest === null) return null
  return (
    <section aria-label={t('latency.title')}>
      <Text size="sm" fw={600} mt="md" mb={4}>
        {t('latency.title')}
      </Text>
      <div aria-hidden>
        <LineChart
          h={140}
          data={data}
          dataKey="label"
          series={[
            { name: 'p95Ms', label: 'p95', color: 'var(--slow)' },
            { name: 'p50Ms', label: 'p50', color: 'var(--success)' },
          ]}
          curveType="linear"
          connectNulls={false}
          dotProps={{ r: 2, strokeWidth: 1 }}
          lineProps={{ isAnimationActive: false }}
          lineChartProps={{ accessibilityLayer: false }}
          gridColor="var(--line)"
          textColor="var(--muted)"
          xAxisProps={{ interval: 'equidistantPreserveStart', minTickGap: 24, scale: 'band' }}
          yAxisProps={{ width: 64 }}
          valueFormatter={duration}
          referenceLines={[
            ...(isNear ? [{ y: slowThresholdMs, color: 'var(--error)', strokeDasharray: '4 4' }] : []),
            ...marks.map(({ kind, startMs }) => ({ x: labelOf(startMs), color: markColors[kind] })),
          ]}
        />
      </div>
      <Group gap="md" mt={4} data-testid="latency">
        <Text size="sm">
          {t('latency.highest', { time: duration(highest.p95Ms) })}{' '}
          <Time at={new Date(highest.startMs).toISOString()} />
        </Text>
        <Text size="sm" c="dimmed">
          {t('latency.slowFrom', { time: duration(slowThresholdMs) })}
        </Text>
        {markKinds.map((kind) => {
          const own = marks.filter((mark) => mark.kind === kind)
          return own.length === 0 ? null : (
            <Text key={kind} size="sm">
              <span className={classes.mark} style={{ background: markColors[kind] }} aria-hidden />
              {t(`latency.${kind}`)}{' '}
              {own.map(({ atMs }, index) => (
                <span key={atMs}>
                  {index > 0 && ', '}
                  <Time at={new Date(atMs).toISOString()} />
                </span>
              ))}
            </Text>
          )
        })}
      </Group>
    </section>
  )
}

const markColors = { changed: 'var(--muted)', blocked: 'var(--error)' }
