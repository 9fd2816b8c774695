export type Interruption = {
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP after `beGentle`. */
  signal: AbortSignal
  /** Called when there is something to stop in order. */
  beGentle(): void
}

const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }

/**
 * Handling of Ctrl-C. While the stack starts, it ends this process at once, and the guards end the parts that are
 * running. Later the first one requests an orderly stop, and the second one ends the process.
 */
export function openInterruption(): Interruption {
  const stop = new AbortController()
  let isGentle = false
  for (const [name, number] of Object.entries(numbers)) {
    process.on(name, () => {
      if (!isGentle || stop.signal.aborted) process.exit(128 + number)
      stop.abort()
    })
  }
  return {
    signal: stop.signal,
    beGentle() {
      isGentle = true
    },
  }
}
