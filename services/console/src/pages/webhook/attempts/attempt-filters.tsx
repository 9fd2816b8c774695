import { Button, Group, NativeSelect, Pill } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import type { PropsWithChildren } from 'react'
import { useTranslation } from 'react-i18next'
import classes from '../../../parts/filters/filters.module.css'
import { TimeFilter } from '../../../parts/filters/time-filter.tsx'
import { TypedFilter } from '../../../parts/filters/typed-filter.tsx'
import { useCauseText } from '../../../parts/texts/cause-text.ts'
import { outcomes } from '../overview/bins.ts'
import { type Filter, noFilter, spans } from './attempt-filter.ts'

type Props = PropsWithChildren<{ filter: Filter; onChange: (change: Partial<Filter>) => void }>

/** Filters of the list, then what is done with it. They are part of the page's address, so that a result can be linked to. */
export function AttemptFilters({ filter, onChange, children }: Props) {
  const { t } = useTranslation()
  const causeText = useCauseText()
  const hasPeriod = filter.since !== '' || filter.until !== ''
  const why = filter.status || filter.cause
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
        onChange={(event) => onChange({ span: event.target.value, since: '', until: '' })}
        data={[
          { value: '', label: t(hasPeriod ? 'attempts.period' : 'attempts.all') },
          ...spans.map((one) => ({ value: one, label: t(`attempts.spans.${one}`) })),
        ]}
      />
      {hasPeriod && (
        <>
          <TimeFilter label={t('attempts.from')} value={filter.since} onChange={(since) => onChange({ since })} />
          <TimeFilter label={t('attempts.until')} value={filter.until} onChange={(until) => onChange({ until })} />
        </>
      )}
      {why !== '' && (
        <Pill withRemoveButton onRemove={() => onChange({ cause: '', status: '' })} size="lg">
          {causeText(filter.status === '' ? filter.cause : Number(filter.status))}
        </Pill>
      )}
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
        <Button variant="default" leftSection={<IconX size={16} aria-hidden />} onClick={() => onChange(noFilter)}>
          {t('attempts.clear')}
        </Button>
      )}
      {children}
    </Group>
  )
}
