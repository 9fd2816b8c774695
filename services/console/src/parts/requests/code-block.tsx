import { useTranslation } from 'react-i18next'
import classes from './code-block.module.css'
import { CopyIcon } from './copy-button.tsx'

/** Foreign text, unchanged. React escapes it. @param label heading, also for screen readers. */
export function CodeBlock({ text, label, copy = true }: { text: string; label: string; copy?: boolean }) {
  const { t } = useTranslation()
  return (
    <section className={classes.block} aria-label={label}>
      <div className={classes.label}>{label}</div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard (WCAG 2.1.1). */}
      <pre className={classes.pre} tabIndex={0}>
        {text === '' ? t('nothing') : text}
      </pre>
      {copy && text !== '' && (
        <span className={classes.copy}>
          <CopyIcon text={text} label={t('copyOf', { what: label })} />
        </span>
      )}
    </section>
  )
}
