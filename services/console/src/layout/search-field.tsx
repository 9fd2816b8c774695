import { TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { type FormEvent, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate, useSearchParams } from 'react-router'
import { findPath } from '../pages/find/find-paths.ts'
import classes from './shell.module.css'

/** Searches the messages of a business, from every page. "/" and Ctrl+K go to the field. */
export function SearchField({ businessId }: { businessId: string }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [params] = useSearchParams()
  const asked = params.get('q') ?? ''
  const [text, setText] = useState(asked)
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => setText(asked), [asked])
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (!isSearchKey(event)) return
      event.preventDefault()
      field.current?.select()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
  const search = (event: FormEvent) => {
    event.preventDefault()
    if (text.trim().length >= minQueryLength) void navigate(findPath(businessId, text.trim()))
  }
  return (
    <search className={classes.search}>
      <form onSubmit={search}>
        <TextInput
          ref={field}
          type="search"
          aria-label={t('find.label')}
          aria-keyshortcuts="/ Control+K"
          placeholder={t('find.placeholder')}
          leftSection={<IconSearch size={16} aria-hidden />}
          maxLength={200}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </form>
    </search>
  )
}

/** Shortest query that the server takes. */
const minQueryLength = 2

function isSearchKey({ key, ctrlKey, metaKey, altKey, target }: KeyboardEvent): boolean {
  if (key.toLowerCase() === 'k') return (ctrlKey || metaKey) && !altKey
  const isTyping =
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  return key === '/' && !isTyping && !ctrlKey && !metaKey && !altKey
}
