import { readStored, writeStored } from '../stored.ts'
import { chooseLanguage, type Language } from './languages.ts'

const storageKey = 'hookline-language'

/** Texts by language. Each is loaded when needed, because a viewer uses one. */
const files = {
  en: () => import('./en.json'),
  es: () => import('./es.json'),
  pt: () => import('./pt.json'),
} satisfies Record<Language, () => Promise<{ default: object }>>

export type Texts = Awaited<ReturnType<(typeof files)['en']>>['default']

export async function loadTexts(language: Language): Promise<Texts> {
  // A test compares the keys of the languages.
  return (await files[language]()).default as Texts
}

/** The viewer's choice, otherwise the browser's. */
export function readLanguage(): Language {
  return chooseLanguage(readStored(storageKey), navigator.languages)
}

export function storeLanguage(language: Language): void {
  writeStored(storageKey, language)
}
