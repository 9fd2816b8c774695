import type { ComponentType } from 'react'
import classes from './badge.module.css'

/** Colour and icon of a state. */
export type BadgeLook = {
  tone: 'green' | 'yellow' | 'red' | 'violet' | 'blue' | 'gray'
  Icon: ComponentType<{ size: number; 'aria-hidden': true }>
}

/** A state as word, icon and colour; each is understood without the others. */
export function IconBadge({ look: { tone, Icon }, text }: { look: BadgeLook; text: string }) {
  return (
    <span className={classes.badge} data-tone={tone}>
      <Icon size={14} aria-hidden />
      {text}
    </span>
  )
}
