import classes from './badge.module.css'

export function StateWord({ tone, text }: { tone: 'green' | 'gray' | 'blue'; text: string }) {
  return (
    <span className={classes.badge} data-tone={tone}>
      {text}
    </span>
  )
}
