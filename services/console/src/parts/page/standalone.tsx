import { Stack, Title } from '@mantine/core'
import type { PropsWithChildren } from 'react'
import { LanguageMenu } from '../../layout/language-menu.tsx'
import classes from './standalone.module.css'

/** A page without the header of a business: a card with the product's name. */
export function Standalone({ children }: PropsWithChildren) {
  return (
    <main className={classes.page}>
      <Stack className={classes.box}>
        <div className={classes.head}>
          <img src="/hookline.svg" alt="" width={32} height={32} />
          <Title order={1} size="h3">
            Hookline
          </Title>
          <LanguageMenu />
        </div>
        {children}
      </Stack>
    </main>
  )
}
