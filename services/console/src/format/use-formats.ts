import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { chooseLocale, type Language } from '../i18n/languages.ts'
import { createFormats, type Formats } from './format.ts'

export function useFormats(): Formats {
  const { i18n } = useTranslation()
  return useMemo(() => createFormats(chooseLocale(i18n.language as Language, navigator.languages)), [i18n.language])
}
