export const languages = ['en', 'es', 'pt'] as const
export type Language = (typeof languages)[number]

/** Each in itself, as who looks for it would. */
export const languageNames: Record<Language, string> = { en: 'English', es: 'Español', pt: 'Português' }

/** The one chosen before, else the first of the browser's that there is. @param wanted as in navigator.languages */
export function chooseLanguage(stored: string | null, wanted: readonly string[]): Language {
  const candidates = [stored ?? '', ...wanted].map((tag) => tag.toLowerCase().split('-')[0])
  return (
    languages.find((language) => candidates.find((tag) => languages.some((one) => one === tag)) === language) ?? 'en'
  )
}

/** For dates and numbers: the viewer's own region where the language is theirs, such as es-MX or pt-BR. */
export function localeOf(language: Language, wanted: readonly string[]): string {
  return wanted.find((tag) => tag.toLowerCase().split('-')[0] === language) ?? language
}
