import { SessionMarks } from '../../../../services/admin/access/session-marks.ts'

type Logged = { key: Buffer; offset: number; timestampMs: number }

/** webhook-sessions without Kafka: each instance that joins reads it from the beginning and then continues. */
export function marksOfLog(): { log: Logged[]; join: () => SessionMarks } {
  const log: Logged[] = []
  const instances: SessionMarks[] = []
  const join = () => {
    const marks: SessionMarks = new SessionMarks(async (key, { at }) => {
      const record = { key: Buffer.from(key), offset: log.length, timestampMs: at }
      log.push(record)
      await new Promise((resolve) => setImmediate(resolve))
      for (const each of instances) each.onRecord(record)
      return record.offset
    })
    for (const record of log) marks.onRecord(record)
    instances.push(marks)
    return marks
  }
  return { log, join }
}
