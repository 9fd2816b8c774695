import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import { chooseLanguage, type Language } from './languages.ts'

const storageKey = 'hookline-language'

/** Texts by language. Each is loaded when needed, because a viewer uses one. */
const texts: Record<Language, () => Promise<{ default: object }>> = {
  en: () => import('./en.json'),
  es: () => import('./es.json'),
  pt: () => import('./pt.json'),
}

export async function setUpTexts(): Promise<void> {
  const language = chooseLanguage(storedLanguage(), navigator.languages)
  await i18next.use(initReactI18next).init({
    lng: language,
    resources: { [language]: { translation: (await texts[language]()).default } },
    // React escapes all text.
    interpolation: { escapeValue: false },
  })
  document.documentElement.lang = language
}

export async function switchLanguage(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, 'translation'))
    i18next.addResourceBundle(language, 'translation', (await texts[language]()).default)
  await i18next.changeLanguage(language)
  document.documentElement.lang = language
  try {
    localStorage.setItem(storageKey, language)
  } catch (_blocked) {
    // Storage is switched off, so the choice holds until the page is closed.
  }
}

function storedLanguage(): string | null {
  try {
    return localStorage.getItem(storageKey)
  } catch (_blocked) {
    return null
  }
}
