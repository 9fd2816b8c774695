import { type Logger, pino } from 'pino'

export type { Logger } from 'pino'

/** JSON lines on standard output; `service` on each. Never a secret, a header value or a body. */
export function createLogger(service: string, level: string): Logger {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  })
}
