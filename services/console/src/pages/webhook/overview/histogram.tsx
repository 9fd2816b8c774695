import '@mantine/charts/styles.css'
import { BarChart } from '@mantine/charts'
import { Group, SegmentedControl, Text } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { startOfMinute } from '../../../../../domain/stats/stats.ts'
import type { Stats } from '../../../api/types.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { useNow } from '../../../format/use-now.ts'
import { Card } from '../../../parts/page/card.tsx'
import { useCauseText } from '../../../parts/texts/cause-text.ts'
import { outcomes, type Range, ranges, sumTotals, toBins } from './bins.ts'
import classes from './histogram.module.css'

/** Counts of the four outcomes over time (contract.md, 1.7). The figures below are the bars' alternative as text. */
export default function Histogram({ stats }: { stats: Stats }) {
  const { t } = useTranslation()
  const { clock, count, day } = useFormats()
  const causeText = useCauseText()
  const [range, setRange] = useState<Range>('hour')
  // Rounded to the minute, so that the bars are drawn once a minute and not every second.
  const now = startOfMinute(useNow(1_000))
  const data = useMemo(
    () =>
      toBins(stats, range, now).map((bin) => ({
        ...bin,
        label: range === 'week' ? `${day(bin.startMs)} ${clock(bin.startMs)}` : clock(bin.startMs),
      })),
    [stats, range, now, clock, day],
  )
  const { totals, causes } = useMemo(() => sumTotals(stats, range, now), [stats, range, now])
  return (
    <Card
      title={t('histogram.title')}
      aside={
        <SegmentedControl
          size="xs"
          aria-label={t('histogram.range')}
          value={range}
          onChange={(value) => setRange(value as Range)}
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
          barProps={{ isAnimationActive: false }}
          barChartProps={{ barCategoryGap: '12%', accessibilityLayer: false }}
          gridColor="var(--line)"
          textColor="var(--muted)"
          xAxisProps={{ interval: 'equidistantPreserveStart', minTickGap: 24 }}
          yAxisProps={{ allowDecimals: false, width: 40 }}
          valueFormatter={count}
        />
      </div>
      <dl className={classes.totals} data-testid="totals">
        {outcomes.map((outcome) => (
          <div key={outcome} className={classes.total}>
            <span className={classes.key} data-outcome={outcome} aria-hidden />
            <dt>{t(`outcome.${outcome}`)}</dt>
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
            <Text key={cause} size="sm">
              {causeText(cause)}: <b>{count(n)}</b>
            </Text>
          ))}
        </Group>
      )}
    </Card>
  )
}
