import { Button } from '@mantine/core'
import { IconArrowUp } from '@tabler/icons-react'
import type { PropsWithChildren } from 'react'
import { useTranslation } from 'react-i18next'
import { useFormats } from '../../format/use-formats.ts'
import { Failure } from '../page/failure.tsx'
import classes from './held-rows.module.css'
import type { HeldList } from './use-held-list.ts'

/** The rows of a held list, with the number of new ones above them and older ones on request below. */
export function HeldRows<Item>({ list, children }: PropsWithChildren<{ list: HeldList<Item> }>) {
  const { t } = useTranslation()
  const { count } = useFormats()
  const { fresh } = list
  return (
    <div ref={list.ref}>
      <div ref={list.topRef} />
      {fresh.count > 0 && (
        <div className={classes.fresh}>
          <Button
            size="compact-sm"
            radius="xl"
            leftSection={<IconArrowUp size={14} aria-hidden />}
            onClick={list.showFresh}
          >
            {t('attempts.fresh', { count: fresh.count, n: `${count(fresh.count)}${fresh.atLeast ? '+' : ''}` })}
          </Button>
        </div>
      )}
      {children}
      {list.olderError !== null && <Failure error={list.olderError} onRetry={list.loadOlder} />}
      {list.hasOlder && (
        <Button variant="default" fullWidth mt="md" loading={list.isLoadingOlder} onClick={list.loadOlder}>
          {t('attempts.older')}
        </Button>
      )}
    </div>
  )
}
