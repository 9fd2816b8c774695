import { Alert } from '@mantine/core'
import { IconInfoCircle } from '@tabler/icons-react'
import type { PropsWithChildren } from 'react'

/** Explanation of a state above the page of a webhook. */
export function Banner({ title, children }: PropsWithChildren<{ title: string }>) {
  return (
    <Alert mb="md" color="yellow" variant="outline" title={title} icon={<IconInfoCircle aria-hidden />}>
      {children}
    </Alert>
  )
}
