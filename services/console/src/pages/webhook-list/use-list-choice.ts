import { useDebouncedCallback } from '@mantine/hooks'
import { useEffect, useState } from 'react'
import { useNavigationType, useSearchParams } from 'react-router'
import { readStored, writeStored } from '../../stored.ts'
import type { ListChoice } from './find.ts'
import { readChoice, writeChoice } from './list-address.ts'

export const views = ['cards', 'table'] as const
export type ListView = (typeof views)[number]

const viewKey = 'hookline-list-view'
const typingMs = 300

/** Choice of the list's webhooks, order and view, kept in the page's address; the view is also kept for the next visit. */
export function useListChoice() {
  const [params, setParams] = useSearchParams()
  const isBack = useNavigationType() === 'POP'
  const choice = readChoice(params)
  const view = views.find((one) => one === (params.get('view') ?? readStored(viewKey))) ?? 'cards'
  // The field is ahead of the address, which follows when typing pauses.
  const [text, setText] = useState(choice.text)
  useEffect(() => {
    if (isBack) setText(choice.text)
  }, [isBack, choice.text])
  const write = (next: ListChoice, nextView: ListView = view) =>
    setParams({ ...writeChoice(next), ...(nextView === 'table' && { view: nextView }) }, { replace: true })
  const writeText = useDebouncedCallback((typed: string) => write({ ...choice, text: typed }), typingMs)
  return {
    choice: { ...choice, text },
    view,
    change(more: Partial<ListChoice>) {
      if (more.text !== undefined) setText(more.text)
      if (Object.keys(more).join() === 'text') writeText(more.text ?? '')
      else write({ ...choice, text, ...more })
    },
    show(next: ListView) {
      writeStored(viewKey, next)
      write({ ...choice, text }, next)
    },
  }
}
