const second = 1_000
const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

// The three forms of RFC 9110, section 5.6.7: Sun, 06 Nov 1994 08:49:37 GMT; Sunday, 06-Nov-94 08:49:37 GMT; Sun Nov  6 08:49:37 1994.
const imfFixdate =
  /^[a-z]{3,9}, ?(?<day>\d{1,2}) (?<month>[a-z]{3}) (?<year>\d{4,6}) (?<time>\d\d:\d\d:\d\d) ?(?:gmt|utc|[+-]0000)/i
const rfc850 =
  /^[a-z]{3,9}, ?(?<day>\d{1,2})-(?<month>[a-z]{3})-(?<year>\d{4}|\d\d) (?<time>\d\d:\d\d:\d\d) ?(?:gmt|utc|[+-]0000)/i
const asctime = /^[a-z]{3} (?<month>[a-z]{3}) {1,2}(?<day>\d{1,2}) (?<time>\d\d:\d\d:\d\d) (?<year>\d{4})/i

/**
 * Parses one value of Retry-After (RFC 9110, section 10.2.3): seconds, with any number of digits, or a date in one of
 * HTTP's three forms. If a proxy has joined several by commas, the first counts.
 * @returns milliseconds from now, not negative, maybe infinite; undefined when it is neither.
 */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim() ?? ''
  const digits = /^(\d+)[ \t]*(?:$|,)/.exec(text)?.[1]
  if (digits !== undefined) return Number(digits) * second
  const dateMs = parseDate(text, nowMs)
  return dateMs === undefined ? undefined : Math.max(0, dateMs - nowMs)
}

function parseDate(text: string, nowMs: number): number | undefined {
  const found = (imfFixdate.exec(text) ?? rfc850.exec(text) ?? asctime.exec(text))?.groups
  if (!found) return undefined
  const { day = '', month = '', year = '', time = '' } = found
  const monthIndex = months.indexOf(month.toLowerCase())
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number)
  const dayOfMonth = Number(day)
  // A leap second is the next minute's first second.
  const isTime = hours <= 23 && minutes <= 59 && seconds <= 60
  if (monthIndex < 0 || !isTime || dayOfMonth < 1 || dayOfMonth > 31) return undefined
  // A date beyond the last representable one means for ever.
  const dateMs = Date.UTC(fullYear(year, nowMs), monthIndex, dayOfMonth, hours, minutes, seconds)
  return Number.isNaN(dateMs) ? Number.POSITIVE_INFINITY : dateMs
}

/** Two digits mean the latest such year that is at most 50 years ahead (RFC 9110, section 5.6.7). */
function fullYear(digits: string, nowMs: number): number {
  if (digits.length > 2) return Number(digits)
  const thisYear = new Date(nowMs).getUTCFullYear()
  const inThisCentury = thisYear - (thisYear % 100) + Number(digits)
  return inThisCentury > thisYear + 50 ? inThisCentury - 100 : inThisCentury
}
