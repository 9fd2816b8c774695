import { type Language, languages } from '../../../domain/definition/definition-values.ts'

export { type Language, languages }

/** Name of each language in that language. */
export const languageNames: Record<Language, string> = { en: 'English', es: 'Español', pt: 'Português' }

/** The language chosen earlier, otherwise the browser's first that the console has. @param wanted as in navigator.languages */
export function chooseLanguage(stored: string | null, wanted: readonly string[]): Language {
  const candidates = [stored ?? '', ...wanted].map((tag) => tag.toLowerCase().split('-')[0])
  return (
    languages.find((language) => candidates.find((tag) => languages.some((one) => one === tag)) === language) ?? 'en'
  )
}

/** Locale of dates and numbers: the viewer's own variant of the language, such as es-MX or pt-BR. */
export function chooseLocale(language: Language, wanted: readonly string[]): string {
  return wanted.find((tag) => tag.toLowerCase().split('-')[0] === language) ?? language
}
