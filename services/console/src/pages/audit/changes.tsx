import { IconArrowNarrowRight } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { AuditView } from '../../api/types.ts'
import classes from './audit.module.css'
import { fieldKey, headerOf, isKeptSecret, shownValue } from './entry.ts'

const shownAtOnce = 3

/** What was before and what is now; the many fields of a new definition only when they are asked for. */
export function Changes({ changes }: Pick<AuditView, 'changes'>) {
  const { t } = useTranslation()
  if (changes.length <= shownAtOnce) return <List changes={changes} />
  return (
    <details>
      <summary className={classes.summary}>{t('audit.fields', { count: changes.length })}</summary>
      <List changes={changes} />
    </details>
  )
}

function List({ changes }: Pick<AuditView, 'changes'>) {
  return (
    <ul className={classes.changes}>
      {changes.map((change) => (
        <li key={change.field}>
          <b>
            <Field name={change.field} />
          </b>
          {!isKeptSecret(change) && <Values {...change} />}
        </li>
      ))}
    </ul>
  )
}

/** As the form calls it. */
function Field({ name }: { name: string }) {
  const { t } = useTranslation()
  const header = headerOf(name)
  if (header !== null) return `${t('form.headerName')} ${header}`
  const key = fieldKey(name)
  return key === undefined ? name : t(key)
}

/** What was not there before is shown alone: a new definition is no list of changes from nothing. */
function Values({ from, to }: Pick<AuditView['changes'][number], 'from' | 'to'>): ReactNode {
  const { t } = useTranslation()
  const shown = (value: unknown) => {
    if (typeof value === 'boolean') return t(value ? 'audit.yes' : 'audit.no')
    return shownValue(value) ?? t('audit.nothing')
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
