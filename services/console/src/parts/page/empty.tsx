import { Stack, Text, Title } from '@mantine/core'
import type { PropsWithChildren, ReactNode } from 'react'
import classes from './empty.module.css'

/** Stands in for an empty list, and says what to do. */
export function Empty({
  icon,
  title,
  text,
  children,
}: PropsWithChildren<{ icon: ReactNode; title: string; text?: string }>) {
  return (
    <Stack className={classes.empty} align="center" gap="sm">
      {icon}
      <Title order={2} size="h4">
        {title}
      </Title>
      {text && (
        <Text c="dimmed" size="sm" maw={480}>
          {text}
        </Text>
      )}
      {children}
    </Stack>
  )
}
