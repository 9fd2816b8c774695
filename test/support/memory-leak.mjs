// Loaded before a service (NODE_OPTIONS=--import): from SIGUSR2 on, its heap is nearly full, as that of a process that
// leaks memory.
import { getHeapSpaceStatistics } from 'node:v8'

const usedShare = 0.92
const [, limitMebibytes] = /--max-old-space-size=(\d+)/.exec(process.env.NODE_OPTIONS)
const limitBytes = limitMebibytes * 1_048_576
const everyMs = 100
const kept = []

function fill() {
  for (;;) {
    const spaces = getHeapSpaceStatistics().filter(({ space_name: name }) => !name.startsWith('new'))
    if (spaces.reduce((sum, { space_used_size: used }) => sum + used, 0) > usedShare * limitBytes) return
    // Small: large arrays leave gaps, which the limit counts as well, and the process would end.
    for (let n = 0; n < 100; n++) kept.push(new Array(128).fill(0.5))
  }
}

// Again and again, since garbage counts as used until it is collected.
process.on('SIGUSR2', () => setInterval(fill, everyMs))
