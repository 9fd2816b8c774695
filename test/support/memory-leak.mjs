// Loaded before a service (NODE_OPTIONS=--import): from SIGUSR2 on, its heap is nearly full, as that of a process that
// leaks memory.
import { getHeapStatistics } from 'node:v8'

const usedShare = 0.92
const everyMs = 100
const kept = []

function fill() {
  for (;;) {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
    if (used > usedShare * limit) return
    // Small: large arrays leave gaps, which the limit counts as well, and the process would end.
    kept.push(new Array(128).fill(0.5))
  }
}

// Again and again, since garbage counts as used until it is collected.
process.on('SIGUSR2', () => setInterval(fill, everyMs))
