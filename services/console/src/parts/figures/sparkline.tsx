import classes from './sparkline.module.css'

const width = 120
const height = 28
const gap = 2

/** Attempts in five-minute steps. Plain SVG: a chart library would be most of the first page's size. */
export function Sparkline({ values, label }: { values: number[]; label: string }) {
  const highest = Math.max(1, ...values)
  const step = width / Math.max(1, values.length)
  return (
    <svg className={classes.sparkline} viewBox={`0 0 ${width} ${height}`} role="img" aria-label={label}>
      {values.map((value, index) => {
        const bar = value === 0 ? 1 : Math.max(2, (value / highest) * height)
        return (
          <rect
            // biome-ignore lint/suspicious/noArrayIndexKey: a bar's index is its time.
            key={index}
            x={index * step}
            y={height - bar}
            width={step - gap}
            height={bar}
            rx={1}
            className={value === 0 ? classes.none : classes.bar}
          />
        )
      })}
    </svg>
  )
}
