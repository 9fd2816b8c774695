/**
 * Removes what was shown early once the console has something to show: a list of webhooks stays until the console's own is
 * there, without an outline in between.
 */
export function replaceEarly(root: HTMLElement): void {
  const early = document.getElementById('early')
  const isReady = () =>
    early?.querySelector('li')
      ? root.querySelector('h1') !== null && root.querySelector('[aria-busy=true]') === null
      : root.firstChild !== null
  const observer = new MutationObserver(() => {
    if (!isReady()) return
    observer.disconnect()
    early?.remove()
  })
  observer.observe(root, { childList: true, subtree: true, attributeFilter: ['aria-busy'] })
}
