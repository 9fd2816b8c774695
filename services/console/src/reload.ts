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
    sessionStorage.setItem(key, String(nowMs()))
    window.location.reload()
  })
}
