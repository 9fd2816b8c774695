import { Button, Group, NativeSelect } from '@mantine/core'
import { IconX } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { webhooksQuery } from '../../api/queries.ts'
import { useApi } from '../../api/session.tsx'
import type { AuditFilter } from '../../api/types.ts'
import classes from '../../parts/filters/filters.module.css'
import { TimeFilter } from '../../parts/filters/time-filter.tsx'
import { TypedFilter } from '../../parts/filters/typed-filter.tsx'

type Props = {
  businessId: string
  filter: AuditFilter
  /** Names of the webhooks of the shown entries, which may be deleted. */
  named: ReadonlyMap<string, string>
  onChange: (filter: AuditFilter) => void
}

/** Filters of the audit log by webhook, person and time. */
export function AuditFilters({ businessId, filter, named, onChange }: Props) {
  const { t } = useTranslation()
  const { data = [] } = useQuery(webhooksQuery(useApi(), businessId))
  const { webhookId = '', subject = '' } = filter
  const choices = new Map(data.map(({ id, name }) => [id, name]))
  if (webhookId !== '' && !choices.has(webhookId)) choices.set(webhookId, named.get(webhookId) ?? webhookId)
  const change = (changed: AuditFilter) => onChange({ ...filter, ...changed })
  return (
    <Group gap="sm" align="flex-end" className={classes.filters}>
      <NativeSelect
        label={t('find.webhook')}
        value={webhookId}
        onChange={(event) => change({ webhookId: event.target.value })}
        data={[{ value: '', label: t('attempts.all') }, ...[...choices].map(([value, label]) => ({ value, label }))]}
      />
      <TypedFilter label={t('audit.who')} value={subject} onChange={(typed) => change({ subject: typed })} />
      {(['since', 'until'] as const).map((name) => (
        <TimeFilter
          key={name}
          label={t(`audit.${name}`)}
          value={filter[name] ?? ''}
          onChange={(at) => change({ [name]: at })}
        />
      ))}
      {Object.values(filter).some(Boolean) && (
        <Button variant="default" leftSection={<IconX size={16} aria-hidden />} onClick={() => onChange({})}>
          {t('attempts.clear')}
        </Button>
      )}
    </Group>
  )
}
