import { Stack, Text, Title } from '@mantine/core'
import type { PropsWithChildren, ReactNode } from 'react'
import classes from './empty.module.css'

/** Stands in for an empty list, and says what to do. @param isPage whether it is all that the page has. */
export function Empty({
  icon,
  title,
  text,
  isPage = false,
  children,
}: PropsWithChildren<{ icon: ReactNode; title: string; text?: string; isPage?: boolean }>) {
  return (
    <Stack className={classes.empty} align="center" gap="sm">
      {icon}
      <Title order={isPage ? 1 : 2} size="h4">
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
