export type Interruption = {
  /** Aborted by the first Ctrl-C, SIGTERM or SIGHUP after `beGentle`. */
  signal: AbortSignal
  /** From now on there is something to stop in order. */
  beGentle(): void
}

const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }

/**
 * What Ctrl-C does: while the stack is starting, it ends this process at once (the guards of the parts that already run end
 * those); afterwards the first one asks for an orderly stop, and the second one is as at the start.
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
