import { type Logger, pino } from 'pino'

export type { Logger } from 'pino'

/** Logs JSON lines to standard output, each with `service`. Secrets, header values and bodies are never logged. */
export function createLogger(service: string, level: string): Logger {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  })
}
