/** Formats of numbers and times, by Intl in the viewer's language and time zone. */

export type Formats = {
  /** Date and time with seconds, as in a log. */
  time(iso: string): string
  /** The same with milliseconds. */
  timeMs(iso: string): string
  /** Hours and minutes. */
  clock(ms: number): string
  day(ms: number): string
  count(n: number): string
  /** @param share from 0 to 1. */
  percent(share: number): string
  /** 87 ms, 1.25 s. */
  duration(ms: number): string
  /** "3 minutes ago". */
  ago(iso: string, nowMs: number): string
}

const steps: [unit: Intl.RelativeTimeFormatUnit, ms: number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
]

/** Parts of the medium style, which takes no fractions of a second. */
const mediumParts = {
  year: 'numeric',
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
} as const

/** @param timeZone by default the viewer's. */
export function createFormats(locale: string, timeZone?: string): Formats {
  const zone = timeZone === undefined ? {} : { timeZone }
  // A log reads best with times of one width, whatever the country.
  const wholeDay = { hourCycle: 'h23', ...zone } as const
  const time = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'medium', ...wholeDay })
  const timeMs = new Intl.DateTimeFormat(locale, { ...mediumParts, fractionalSecondDigits: 3, ...wholeDay })
  const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'short', ...wholeDay })
  const day = new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric', month: 'short', ...zone })
  const count = new Intl.NumberFormat(locale)
  const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 })
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const seconds = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 })
  return {
    time: (iso) => time.format(new Date(iso)),
    timeMs: (iso) => timeMs.format(new Date(iso)),
    clock: (ms) => clock.format(new Date(ms)),
    day: (ms) => day.format(new Date(ms)),
    count: (n) => count.format(n),
    percent: (share) => percent.format(share),
    // The symbols of the units are the same in all languages (SI).
    duration: (ms) => (ms < 1_000 ? `${count.format(Math.round(ms))} ms` : `${seconds.format(ms / 1_000)} s`),
    ago: (iso, nowMs) => {
      const sinceMs = nowMs - Date.parse(iso)
      const [unit, stepMs] = steps.find(([, ms]) => Math.abs(sinceMs) >= ms) ?? ['second', 1_000]
      return relative.format(-Math.trunc(sinceMs / stepMs), unit)
    },
  }
}

/** Time left as a countdown shows it: 9:05, or 1:02:03 from one hour on. Never below zero. */
export function countdown(leftMs: number): string {
  const total = Math.max(0, Math.ceil(leftMs / 1_000))
  const [hours, minutes, seconds] = [Math.floor(total / 3_600), Math.floor(total / 60) % 60, total % 60]
  const two = (n: number) => String(n).padStart(2, '0')
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`
}

/** JSON with indentation; any other text as it is. */
export function readable(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch (_notJson) {
    return body
  }
}
