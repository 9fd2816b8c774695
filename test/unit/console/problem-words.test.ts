import { expect, test } from 'vitest'
import type { ProblemBody } from '../../../services/console/src/api/problem.ts'
import en from '../../../services/console/src/i18n/en.json' with { type: 'json' }
import {
  isOfField,
  readReasons,
  splitField,
  wordedStatuses,
} from '../../../services/console/src/parts/texts/problem-words.ts'
import { problemCodes } from '../../../services/domain/api/refusals.ts'

const detail = "in the server's words"
const error = { field: 'url', message: 'is not a URL' }
const conflict = { channel: 'web', webhookId: 'wh_a', name: 'Orders' }

test('every worded status and every code of a problem has a text', () => {
  const { failure, form } = en as { failure: Record<string, string>; form: { refusals: Record<string, string> } }
  for (const status of wordedStatuses) expect(failure[status], String(status)).toBeTruthy()
  for (const code of problemCodes) expect(form.refusals[code], code).toBeTruthy()
})

test.each([
  ['a status with a text of its own', { status: 403, detail }, '', 0],
  ['a refusal whose errors have codes', { status: 422, detail, errors: [{ ...error, code: 'url-syntax' }] }, '', 1],
  ['channels that belong to another webhook', { status: 409, detail, conflicts: [conflict] }, '', 1],
  ['an answer that never came', { status: 0, detail }, '', 0],
  ['a conflict without a code', { status: 409, detail }, detail, 0],
  ['a refusal of which one error has no code', { status: 422, detail, errors: [error] }, detail, 0],
  ['a state that has a code', { status: 409, detail, code: 'paused' }, '', 1],
  ['a query string whose errors have codes', { status: 400, detail, errors: [{ ...error, code: 'maxLength' }] }, '', 1],
  ['a status without a text', { status: 405, detail }, detail, 0],
] as [string, ProblemBody, string, number][])(
  "%s is explained by the server's words only where the console has none",
  (_what, body, english, reasons) => {
    const found = readReasons(body)
    expect(found.english).toBe(english)
    expect(found.refused.length + found.taken.length).toBe(reasons)
  },
)

test('a refused field is split into its name and the header it is about', () => {
  expect(splitField('headers.x-key')).toEqual(['headers', 'x-key'])
  expect(splitField('definition.headers.x.y')).toEqual(['headers', 'x.y'])
  expect(splitField('url')).toEqual(['url', ''])
})

test.each([
  ['url', 'url-syntax', false],
  ['ratePerSecond', 'maximum', true],
  ['', 'anyOf', false],
] as const)(
  'the text of a refusal names the field only where it says nothing of it: %s, %s',
  (field, code, isNamed) => {
    expect(isOfField({ field, message: '', code })).toBe(isNamed)
  },
)
