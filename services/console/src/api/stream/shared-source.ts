import { followSource, type SourceListener } from './source.ts'
import type { ChangeEventKind } from './staleness.ts'

/** A message between pages of one browser. */
type Told =
  /** A page that was just opened asks for the state of the stream. */
  | { what: 'asked' }
  | { what: 'state'; isOpen: boolean }
  | { what: 'ready' }
  | { what: 'lost' }
  | { what: 'change'; kind: ChangeEventKind; id: string }

/** Time that a hidden page keeps the stream, so that a look into another tab does not end it. */
const hiddenLimitMs = 5_000

/**
 * Follows the changes of a business with one stream for all pages of a browser, because over HTTP/1.1 a browser opens at
 * most six connections to a host. The page that holds the lock has the stream and tells the others. When it is closed, or
 * hidden for a while, another page gets the lock. Hidden pages do not ask for it.
 * @returns a function that ends it.
 */
export function followShared(businessId: string, listener: SourceListener): () => void {
  // Browsers have locks on secure origins only: https, and the viewer's own machine.
  if (!('locks' in navigator)) return whileVisible(() => followSource(businessId, listener))
  const name = `hookline-changes:${businessId}`
  const channel = new BroadcastChannel(name)
  const tell = (told: Told) => channel.postMessage(told)
  let isOpen = false
  let isLeading = false

  const onReady = () => {
    isOpen = true
    listener.onReady()
  }
  const onLost = () => {
    isOpen = false
    listener.onLost()
  }
  const lead = () => {
    isLeading = true
    const end = followSource(businessId, {
      onReady: () => {
        tell({ what: 'ready' })
        onReady()
      },
      onLost: () => {
        tell({ what: 'lost' })
        onLost()
      },
      onChange: (kind, id) => {
        tell({ what: 'change', kind, id })
        listener.onChange(kind, id)
      },
    })
    return () => {
      isLeading = false
      end()
    }
  }
  channel.addEventListener('message', ({ data }: MessageEvent<Told>) => {
    switch (data.what) {
      case 'asked':
        if (isLeading) tell({ what: 'state', isOpen })
        return
      case 'state':
        // Only the page that asked does not know it yet.
        if (data.isOpen !== isOpen) (data.isOpen ? onReady : onLost)()
        return
      case 'ready':
        return onReady()
      case 'lost':
        return onLost()
      case 'change':
        return listener.onChange(data.kind, data.id)
    }
  })
  tell({ what: 'asked' })
  const stop = whileVisible(() => withLock(name, lead))
  return () => {
    stop()
    channel.close()
  }
}

/** @param begin returns its end, as whileVisible itself does. */
function whileVisible(begin: () => () => void): () => void {
  let end: (() => void) | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  const finish = () => {
    end?.()
    end = null
  }
  const look = () => {
    clearTimeout(timer)
    if (document.visibilityState === 'hidden') timer = setTimeout(finish, hiddenLimitMs)
    else end ??= begin()
  }
  look()
  document.addEventListener('visibilitychange', look)
  return () => {
    document.removeEventListener('visibilitychange', look)
    clearTimeout(timer)
    finish()
  }
}

/** Begins once the lock is granted, and keeps it until the returned function is called. */
function withLock(name: string, begin: () => () => void): () => void {
  const leaving = new AbortController()
  const hold = () => {
    const end = begin()
    return new Promise<void>((resolve) => {
      leaving.signal.addEventListener('abort', () => {
        end()
        resolve()
      })
    })
  }
  navigator.locks.request(name, { signal: leaving.signal }, hold).catch((error: unknown) => {
    if (!leaving.signal.aborted) throw error
  })
  return () => leaving.abort()
}
