import { IconArrowNarrowRight } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import type { AuditView } from '../../api/types.ts'
import classes from './audit.module.css'
import { shownValue } from './entry.ts'

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
  const { t } = useTranslation()
  return (
    <ul className={classes.changes}>
      {changes.map(({ field, from, to }) => (
        <li key={field}>
          <b>{field}</b>: {shownValue(from) ?? t('audit.nothing')}{' '}
          <IconArrowNarrowRight size={14} role="img" aria-label={t('audit.becomes')} />{' '}
          {shownValue(to) ?? t('audit.nothing')}
        </li>
      ))}
    </ul>
  )
}
