import type { LastHour } from '../../api/generated.ts'
import classes from './sparkline.module.css'

const width = 120
const height = 28
const gap = 2
/** From the bottom up, so that failures lie on what went well. */
const stack = ['success', 'slow', 'rejected', 'error'] as const

/** Attempts in five-minute steps, by outcome. Plain SVG: a chart library would be most of the first page's size. */
export function Sparkline({ byOutcome, label }: { byOutcome: LastHour['byOutcome']; label: string }) {
  const totals = byOutcome.success.map((_count, index) =>
    stack.reduce((sum, one) => sum + (byOutcome[one][index] ?? 0), 0),
  )
  const highest = Math.max(1, ...totals)
  const step = width / Math.max(1, totals.length)
  return (
    <svg className={classes.sparkline} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      {totals.map((total, index) => {
        const place = { x: index * step, width: step - gap }
        const scale = Math.max(2, (total / highest) * height) / Math.max(1, total)
        let y = height
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a bar's index is its time.
          <g key={index}>
            {total === 0 && <rect {...place} y={height - 1} height={1} className={classes.none} />}
            {stack.map((one) => {
              const part = (byOutcome[one][index] ?? 0) * scale
              y -= part
              return part > 0 && <rect key={one} {...place} y={y} height={part} className={classes[one]} />
            })}
          </g>
        )
      })}
    </svg>
  )
}
