import classes from './figures.module.css'

export type Figure = { label: string; value: string; help?: string }

/** Numbers side by side, each with its label. */
export function Figures({ figures }: { figures: Figure[] }) {
  return (
    <dl className={classes.figures}>
      {figures.map(({ label, value, help }) => (
        <div key={label} className={classes.figure}>
          <dt>{label}</dt>
          <dd>{value}</dd>
          {help && <dd className={classes.help}>{help}</dd>}
        </div>
      ))}
    </dl>
  )
}
