import { Group, Title } from '@mantine/core'
import { type PropsWithChildren, type ReactNode, useId } from 'react'
import classes from './card.module.css'

/** Section of a page with its own heading. @param aside shown beside the heading. */
export function Card({ title, aside, children }: PropsWithChildren<{ title: string; aside?: ReactNode }>) {
  const id = useId()
  return (
    <section className={classes.card} aria-labelledby={id}>
      <Group justify="space-between" mb="sm" gap="xs">
        <Title order={2} size="h5" id={id}>
          {title}
        </Title>
        {aside}
      </Group>
      {children}
    </section>
  )
}
