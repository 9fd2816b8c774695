import { expect, test } from 'vitest'
import en from '../../../services/console/src/i18n/en.json' with { type: 'json' }
import es from '../../../services/console/src/i18n/es.json' with { type: 'json' }
import { chooseLanguage, chooseLocale, languages } from '../../../services/console/src/i18n/languages.ts'
import pt from '../../../services/console/src/i18n/pt.json' with { type: 'json' }

const texts = { en, es, pt }
const pluralEnding = /_(zero|one|two|few|many|other)$/

function flat(of: object, prefix = ''): [key: string, text: string][] {
  return Object.entries(of).flatMap(([name, value]) =>
    typeof value === 'object' ? flat(value, `${prefix}${name}.`) : [[prefix + name, String(value)]],
  )
}

const keysOf = (of: object) => [...new Set(flat(of).map(([key]) => key.replace(pluralEnding, '')))].sort()

test.each(languages)('the language %s has every text, and no other', (language) => {
  expect(keysOf(en).length).toBeGreaterThan(200)
  expect(keysOf(texts[language])).toEqual(keysOf(en))
})

test.each(languages)('the language %s has no empty text, and the placeholders of English', (language) => {
  const english = new Map(flat(en))
  const placeholders = (text: string) => [...text.matchAll(/{{(\w+)}}/g)].map(([, name]) => name).sort()
  const wrong = flat(texts[language]).filter(([key, text]) => {
    const original = english.get(key) ?? english.get(key.replace(pluralEnding, '_other')) ?? ''
    return text.trim() === '' || placeholders(text).join() !== placeholders(original).join()
  })
  expect(wrong).toEqual([])
})

test.each(languages)('the language %s has every plural form it needs', (language) => {
  const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories
  const keys = flat(texts[language]).map(([key]) => key)
  const counted = new Set(keys.filter((key) => pluralEnding.test(key)).map((key) => key.replace(pluralEnding, '')))
  expect(counted.size).toBeGreaterThan(5)
  const missing = [...counted]
    .flatMap((key) => forms.map((form) => `${key}_${form}`))
    .filter((key) => !keys.includes(key))
  expect(missing).toEqual([])
})

test.each([
  [null, ['es-MX', 'en'], 'es', 'es-MX'],
  [null, ['fr', 'pt-BR', 'en'], 'pt', 'pt-BR'],
  [null, ['fr'], 'en', 'en'],
  ['pt', ['es-MX'], 'pt', 'pt'],
  ['gone', ['en-GB'], 'en', 'en-GB'],
] as const)(
  'with %s stored and %j preferred by the browser, the language is %s, formatted as in %s',
  (stored, wanted, language, locale) => {
    expect(chooseLanguage(stored, wanted)).toBe(language)
    expect(chooseLocale(language, wanted)).toBe(locale)
  },
)
