import { nowMs } from './clock.ts'

const key = 'hookline-reloaded-at'
const calmMs = 30_000

/**
 * A newer build has taken this one's place: the parts of the page that are not loaded yet have other names now. Reloading gets
 * them, once: where they are missing for another reason it would go on for ever.
 */
export function reloadAfterNewBuild(): void {
  window.addEventListener('vite:preloadError', () => {
    if (nowMs() - Number(sessionStorage.getItem(key)) < calmMs) return
    sessionStorage.setItem(key, String(nowMs()))
    window.location.reload()
  })
}
