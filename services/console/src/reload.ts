import { nowMs } from './clock.ts'

const key = 'hookline-reloaded-at'
const calmMs = 30_000

/**
 * Reloads the page when a newer build has replaced this one: files that are not loaded yet have other names now. It reloads
 * once only, because files that are missing for another reason would cause an endless loop.
 */
export function reloadAfterNewBuild(): void {
  window.addEventListener('vite:preloadError', () => {
    if (nowMs() - Number(sessionStorage.getItem(key)) < calmMs) return
    void reloadIfServed(() => sessionStorage.setItem(key, String(nowMs())))
  })
}

/** Reloads the page if the server answers. Without an answer the browser would replace the page by one of its own. */
export async function reloadIfServed(onReload: () => void = () => undefined): Promise<void> {
  const isServed = await fetch('/', { method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(answerMs) }).then(
    ({ ok }) => ok,
    () => false,
  )
  if (!isServed) return
  onReload()
  window.location.reload()
}

const answerMs = 5_000
