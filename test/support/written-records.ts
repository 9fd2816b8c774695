import { type SendProduce, sendProduce } from '../../services/platform/kafka/wire/produce-protocol.ts'

/** The name of a record that is written: records of a lane go to one partition, in the order of their numbers. */
export const recordName = (lane: number, number: number) => `${lane}-${number}`

/**
 * Compares the names of acknowledged records with those in the log.
 * @returns missing: acknowledged and not in the log. repeated: more copies of a name than one. swapped: in the log after
 * a later one of the same lane, first copies only.
 */
export function compareWithLog(acknowledged: readonly string[], log: readonly string[]) {
  const inLog = new Set<string>()
  const latest = new Map<string, number>()
  let swapped = 0
  for (const name of log) {
    if (inLog.has(name)) continue
    inLog.add(name)
    const [lane = '', number = ''] = name.split('-')
    if (Number(number) < (latest.get(lane) ?? -1)) swapped++
    latest.set(lane, Math.max(Number(number), latest.get(lane) ?? -1))
  }
  const missing = acknowledged.filter((name) => !inLog.has(name)).length
  return { missing, repeated: log.length - inLog.size, swapped }
}

/** Sends like BatchingProducer, but without the numbers by which the broker recognises what it already has. */
export const sendWithoutNumbers: SendProduce = (connection, batches, nowMs) =>
  sendProduce(
    connection,
    batches.map((batch) => ({ ...batch, identity: { id: -1n, epoch: -1 }, sequence: -1 })),
    nowMs,
  )
