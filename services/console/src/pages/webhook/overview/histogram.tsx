import '@mantine/charts/styles.css'
import { BarChart } from '@mantine/charts'
import { Anchor, Group, SegmentedControl, Text } from '@mantine/core'
import { useCallback, useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { Link, useNavigate, useSearchParams } from 'react-router'
import { startOfMinute } from '../../../../../domain/stats/stats.ts'
import type { AttemptOutcome, Stats, Webhook } from '../../../api/types.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { useNow } from '../../../format/use-now.ts'
import { Card } from '../../../parts/page/card.tsx'
import { useCauseText } from '../../../parts/texts/cause-text.ts'
import { attemptsPath } from '../attempts/attempts-path.ts'
import { outcomes, type Range, ranges, stepOf, sumTotals, toBins } from './bins.ts'
import classes from './histogram.module.css'
import { LatencyChart } from './latency-chart.tsx'

/** Counts of the four outcomes over time (contract.md, 1.7). The figures below are the bars' alternative as text. */
export default function Histogram({ webhook, stats }: { webhook: Webhook; stats: Stats }) {
  const { t } = useTranslation()
  const { clock, count, day } = useFormats()
  const causeText = useCauseText()
  const [params, setParams] = useSearchParams()
  const range: Range = ranges.find((one) => one === params.get('period')) ?? 'hour'
  const setRange = (next: string) => setParams(next === 'hour' ? {} : { period: next }, { replace: true })
  // Rounded to the minute, so that the bars are drawn once a minute and not every second.
  const now = startOfMinute(useNow(1_000))
  const labelOf = useCallback(
    (startMs: number) => (range === 'week' ? `${day(startMs)} ${clock(startMs)}` : clock(startMs)),
    [range, clock, day],
  )
  const data = useMemo(
    () =>
      toBins(stats, range, now).map((bin) => ({
        ...bin,
        label: labelOf(bin.startMs),
      })),
    [stats, range, now, labelOf],
  )
  const navigate = useNavigate()
  const firstAt = new Date(data[0]?.startMs ?? now).toISOString()
  const openBar = (outcome: AttemptOutcome, startMs: number) => {
    const lastAt = new Date(startMs + stepOf(range) - 1).toISOString()
    void navigate(attemptsPath(webhook, { outcome, firstAt: new Date(startMs).toISOString(), lastAt }))
  }
  const { totals, causes } = useMemo(() => sumTotals(stats, range, now), [stats, range, now])
  return (
    <Card
      title={t('histogram.title')}
      aside={
        <SegmentedControl
          size="xs"
          aria-label={t('histogram.range')}
          value={range}
          onChange={setRange}
          data={ranges.map((one) => ({ value: one, label: t(`histogram.${one}`) }))}
        />
      }
    >
      <div aria-hidden>
        <BarChart
          h={220}
          data={data}
          dataKey="label"
          type="stacked"
          series={outcomes.map((outcome) => ({
            name: outcome,
            label: t(`outcome.${outcome}`),
            color: `var(--${outcome})`,
          }))}
          barProps={({ name }) => ({
            isAnimationActive: false,
            cursor: 'pointer',
            onClick: ({ payload }: { payload?: { startMs?: number } }) => {
              const outcome = outcomes.find((one) => one === name)
              if (outcome && payload?.startMs !== undefined) openBar(outcome, payload.startMs)
            },
          })}
          barChartProps={{ barCategoryGap: '12%', accessibilityLayer: false }}
          gridColor="var(--line)"
          textColor="var(--muted)"
          xAxisProps={{ interval: 'equidistantPreserveStart', minTickGap: 24 }}
          yAxisProps={{ allowDecimals: false, width: 64 }}
          valueFormatter={count}
        />
      </div>
      <dl className={classes.totals} data-testid="totals">
        {outcomes.map((outcome) => (
          <div key={outcome} className={classes.total}>
            <span className={classes.key} data-outcome={outcome} data-legend aria-hidden />
            <dt>
              <Anchor component={Link} size="sm" c="inherit" to={attemptsPath(webhook, { outcome, firstAt })}>
                {t(`outcome.${outcome}`)}
              </Anchor>
            </dt>
            <dd data-outcome={outcome}>{count(totals[outcome])}</dd>
          </div>
        ))}
      </dl>
      {causes.length > 0 && (
        <Group gap="xs" mt="xs">
          <Text size="sm" c="dimmed">
            {t('histogram.causes')}
          </Text>
          {causes.map(([cause, n]) => (
            <Anchor
              key={cause}
              component={Link}
              size="sm"
              underline="always"
              to={attemptsPath(webhook, { outcome: 'error', cause, firstAt })}
            >
              {causeText(cause)}: <b>{count(n)}</b>
            </Anchor>
          ))}
        </Group>
      )}
      <LatencyChart webhook={webhook} stats={stats} range={range} nowMs={now} labelOf={labelOf} />
    </Card>
  )
}
