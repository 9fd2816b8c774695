import type { ComponentType } from 'react'
import classes from './badge.module.css'
import type { Tone } from './state-tones.ts'

/** Colour and icon of a state. */
export type BadgeLook = {
  tone: Tone
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
