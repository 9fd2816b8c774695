import { IconArrowNarrowRight } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { AuditView } from '../../api/types.ts'
import { useFormats } from '../../format/use-formats.ts'
import classes from './audit.module.css'
import { fieldKey, isKeptSecret, readHeaderName, shownValue, valueKey } from './entry.ts'

const shownAtOnce = 3

/** The values before and after. The many fields of a new definition are folded away. */
export function Changes({ changes }: Pick<AuditView, 'changes'>) {
  const { t } = useTranslation()
  if (changes.length <= shownAtOnce) return <ChangeList changes={changes} />
  return (
    <details>
      <summary className={classes.summary}>{t('audit.fields', { count: changes.length })}</summary>
      <ChangeList changes={changes} />
    </details>
  )
}

export function ChangeList({ changes }: Pick<AuditView, 'changes'>) {
  const nameOf = useFieldName()
  return (
    <ul className={classes.changes}>
      {changes.map((change) => (
        <li key={change.field}>
          <b>{nameOf(change.field)}</b>
          {!isKeptSecret(change) && <Values {...change} />}
        </li>
      ))}
    </ul>
  )
}

/** Names of fields as in the form. */
export function useFieldName(): (field: string) => string {
  const { t } = useTranslation()
  return (field) => {
    const header = readHeaderName(field)
    if (header !== null) return `${t('form.headerName')} ${header}`
    const key = fieldKey(field)
    return key === undefined ? field : t(key)
  }
}

/** The value before and the value now. A value that is new stands alone. */
function Values({ field, from, to }: AuditView['changes'][number]): ReactNode {
  const { t } = useTranslation()
  const { duration } = useFormats()
  const shown = (value: unknown) => {
    if (typeof value === 'boolean') return t(value ? 'audit.yes' : 'audit.no')
    if (typeof value === 'number' && field.endsWith('Ms')) return duration(value)
    const key = valueKey(field, value)
    return key === undefined ? (shownValue(value) ?? t('audit.nothing')) : t(key)
  }
  const before = from !== null && from !== undefined && (
    <>
      {shown(from)} <IconArrowNarrowRight size={14} role="img" aria-label={t('audit.becomes')} />{' '}
    </>
  )
  return (
    <>
      : {before}
      {shown(to)}
    </>
  )
}
