import { Button, Group, NativeSelect } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import type { PropsWithChildren } from 'react'
import { useTranslation } from 'react-i18next'
import classes from '../../../parts/page/filters.module.css'
import { TypedFilter } from '../../../parts/page/typed-filter.tsx'
import { outcomes } from '../overview/bins.ts'
import { type Filter, spans } from './attempt-filter.ts'

type Props = PropsWithChildren<{ filter: Filter; onChange: (change: Partial<Filter>) => void }>

/** Filters of the list, then what is done with it. They are part of the page's address, so that a result can be linked to. */
export function AttemptFilters({ filter, onChange, children }: Props) {
  const { t } = useTranslation()
  const isSet = Object.values(filter).some((value) => value !== '')
  return (
    <Group gap="sm" align="flex-end" mb="md" className={classes.filters}>
      <NativeSelect
        label={t('attempts.outcome')}
        value={filter.outcome}
        onChange={(event) => onChange({ outcome: event.target.value })}
        data={[
          { value: '', label: t('attempts.all') },
          ...outcomes.map((one) => ({ value: one, label: t(`outcome.${one}`) })),
        ]}
      />
      <NativeSelect
        label={t('attempts.since')}
        value={filter.span}
        onChange={(event) => onChange({ span: event.target.value })}
        data={[
          { value: '', label: t('attempts.all') },
          ...spans.map((one) => ({ value: one, label: t(`attempts.spans.${one}`) })),
        ]}
      />
      <TypedFilter
        label={t('attempts.contact')}
        value={filter.contactId}
        onChange={(contactId) => onChange({ contactId })}
      />
      <TypedFilter
        label={t('attempts.delivery')}
        value={filter.deliveryId}
        onChange={(deliveryId) => onChange({ deliveryId })}
      />
      {isSet && (
        <Button
          variant="default"
          leftSection={<IconX size={16} aria-hidden />}
          onClick={() => onChange({ outcome: '', span: '', contactId: '', deliveryId: '' })}
        >
          {t('attempts.clear')}
        </Button>
      )}
      {children}
    </Group>
  )
}
