import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Platform } from '../../deploy/local/platform/platform.ts'
import { until } from '../../deploy/local/process/until.ts'
import { serviceNames } from '../../deploy/local/stack/stack.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { startFaultyStack } from '../support/faulty-stack.ts'
import { figure } from '../support/figure.ts'
import { caseTimeoutMs, isFull } from '../support/guarantee-size.ts'
import { lanesOf, messageOf, startLoad } from '../support/load.ts'
import { startOwnPlatform } from '../support/own-platform.ts'

const megabyte = 1_048_576
const diskMb = 256
const outageMs = 60_000
/**
 * Bounded means that growth stops: in the last third of the outage no service holds more than before, apart from
 * uncollected garbage. Without its bound the producer accepts another 20 MB every acknowledgeTimeoutMs.
 */
const growthLimitMb = 32
const acknowledgeTimeoutMs = 3_000
const bigMessageBytes = 50_000

type Disk = { folder: string } | { missing: string }

/** Takes half a minute with a Kafka of its own, and is the same at every size. */
const disk: Disk = isFull ? mountDisk() : { missing: 'runs at full size only (npm run guarantees)' }
if ('missing' in disk) figure(13, `skipped: ${disk.missing}`)

afterAll(() => {
  if ('missing' in disk) return
  execFileSync('umount', ['--lazy', disk.folder])
  rmdirSync(disk.folder)
})

/** A small disk in memory, if this user may mount one. */
function mountDisk(): Disk {
  const folder = mkdtempSync(join(tmpdir(), 'hookline-small-disk-'))
  const options = ['-t', 'tmpfs', '-o', `size=${diskMb}m`, 'tmpfs', folder]
  const { status, stderr, error } = spawnSync('mount', options, { encoding: 'utf8' })
  if (status === 0) return { folder }
  rmdirSync(folder)
  return { missing: `a disk of ${diskMb} MB cannot be mounted: ${error?.message ?? stderr.trim()}` }
}

test.skipIf('missing' in disk)(
  "after the broker's disk was full, nothing acknowledged is missing",
  {
    timeout: caseTimeoutMs,
  },
  async () => {
    const folder = 'folder' in disk ? disk.folder : ''
    let brokerEnds = 0
    await using platform = await startPlatformOn(
      folder,
      (line) => void (/^Kafka .*unexpectedly/.test(line) && brokerEnds++),
    )
    const { brokers, schemaRegistryUrl, broker } = platform
    const extraEnv = { HOOKLINE_PRODUCER_ACKNOWLEDGE_TIMEOUT_MS: String(acknowledgeTimeoutMs) }
    await using world = await startFaultyStack({ brokers, schemaRegistryUrl, webhooks: 4, contacts: 0, extraEnv })
    const lanes = world.channels.map((channel) => ({ channel, contactId: 'patient' }))
    const load = startLoad(world, { lanes, perSecond: 100 })
    await systemClock.sleep(2_000)

    const ballast = join(folder, 'ballast')
    const { bavail, bsize } = statfsSync(folder)
    writeFileSync(ballast, Buffer.alloc(Math.max(0, bavail * bsize - 2 * megabyte)))
    // Senders that keep trying: what Kafka does not accept must not pile up in the producer.
    const pressing = startLoad(world, {
      lanes: lanesOf(world.channels, 400),
      perSecond: 2_000,
      workers: 40,
      eventOf: (lane, number, businessId) => {
        const event = messageOf(lane, number, businessId)
        const big = 'x'.repeat(bigMessageBytes)
        return event.type === 'message' ? { ...event, variables: { big } } : event
      },
    })
    const isFull = () => brokerEnds > 0
    const filled = await until(isFull, 60_000, systemClock)
    const acknowledgedBefore = load.acknowledged.length + pressing.acknowledged.length
    /** Maximum in the first two thirds and in the last third. */
    const most = new Map<string, [earlyMb: number, lateMb: number]>()
    const endMs = systemClock.monotonicMs() + outageMs
    while (systemClock.monotonicMs() < endMs) {
      for (const name of serviceNames) {
        const mb = residentMb(world.stack.service(name).pid)
        const [early, late] = most.get(name) ?? [0, 0]
        const isLate = systemClock.monotonicMs() > endMs - outageMs / 3
        most.set(name, isLate ? [early, Math.max(late, mb)] : [Math.max(early, mb), late])
      }
      await systemClock.sleep(250)
    }
    const grown = [...most].filter(([, [earlyMb, lateMb]]) => lateMb > earlyMb + growthLimitMb)
    const resident = [...most].map(([name, mb]) => `${name} ${mb.join(' then ')}`).join(', ')
    figure(13, `MB resident at most, in the first two thirds and in the last: ${resident}`)
    expect.soft(grown).toEqual([])
    const stopped = Promise.all([load.stop(), pressing.stop()])
    rmSync(ballast)
    await broker.start()
    const published = (await stopped).flat()
    const report = await world.arrived(published, 120_000)
    const events = `${published.length} events (${acknowledgedBefore} before it was full)`
    figure(13, `disk of ${diskMb} MB full for ${outageMs / 1_000} s, ${events}: missing ${report.missing.length}`)
    expect(filled, 'Kafka ends when its only disk is full').toBe(true)
    expect(report.missing).toEqual([])
    expect(report.faults).toEqual([])
  },
)

/** The platform takes its temporary folder from the environment. */
async function startPlatformOn(folder: string, progress: (line: string) => void) {
  const { TMPDIR } = process.env
  process.env.TMPDIR = folder
  try {
    return (await startOwnPlatform({ progress })) satisfies Platform
  } finally {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
  }
}

/** 0 while the process does not exist. */
function residentMb(pid: number | undefined): number {
  if (pid === undefined) return 0
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])
    return Math.round((pages * 4_096) / megabyte)
  } catch (error) {
    // The process ended between the two reads.
    if ((error as { code?: string }).code === 'ENOENT' || (error as { code?: string }).code === 'ESRCH') return 0
    throw error
  }
}
