import i18next from 'i18next'
import { initReactI18next } from 'react-i18next'
import type { Language } from './languages.ts'
import { loadTexts, readLanguage, storeLanguage } from './texts.ts'

export async function setUpTexts(): Promise<void> {
  const language = readLanguage()
  await i18next.use(initReactI18next).init({
    lng: language,
    resources: { [language]: { translation: await loadTexts(language) } },
    // React escapes all text.
    interpolation: { escapeValue: false },
  })
  document.documentElement.lang = language
}

/** @throws if its texts cannot be loaded. */
export async function switchLanguage(language: Language): Promise<void> {
  if (!i18next.hasResourceBundle(language, 'translation'))
    i18next.addResourceBundle(language, 'translation', await loadTexts(language))
  await i18next.changeLanguage(language)
  document.documentElement.lang = language
  storeLanguage(language)
}
