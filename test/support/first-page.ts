import type { Page } from 'playwright-core'
import { systemClock } from '../../services/platform/runtime/clock.ts'

const pollMs = 50

/** A line as the browser emulates it; null for that of the machine. */
export type EmulatedLine = { kilobitsPerSecond: number; latencyMs: number } | null

export type FirstPage = {
  /** Bytes over the wire, headers included, until the console itself shows the list. */
  bytes: number
  requests: number
  firstPaintMs: number
  firstWebhookMs: number
  /** Time at which the console itself has replaced what was shown early. */
  consoleMs: number
}

/** Notes in the page when a link with this text is there first, and when it is the console's own. */
const noteLinks = (text: string) => `
  new MutationObserver(() => {
    const has = (selector) => [...document.querySelectorAll(selector)].some((link) => link.textContent === ${JSON.stringify(text)})
    if (has('a')) window.firstWebhookMs ??= performance.now()
    if (has('#root a') && document.getElementById('early') === null) window.consoleMs ??= performance.now()
  }).observe(document, { childList: true, subtree: true })`

/**
 * Opens the list of webhooks and measures it. Times depend on the machine.
 * @param page of a browser that has loaded nothing yet, signed in.
 * @param webhook name of one that is among the first of the list.
 */
export async function measureFirstPage(
  page: Page,
  url: string,
  webhook: string,
  line: EmulatedLine,
): Promise<FirstPage> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Network.enable')
  const bytesPerSecond = ((line?.kilobitsPerSecond ?? 0) * 1_000) / 8
  if (line)
    await cdp.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: line.latencyMs,
      downloadThroughput: bytesPerSecond,
      uploadThroughput: bytesPerSecond,
    })
  let [bytes, requests] = [0, 0]
  cdp.on('Network.loadingFinished', ({ encodedDataLength }) => {
    bytes += encodedDataLength
    requests++
  })
  await page.addInitScript({ content: noteLinks(webhook) })
  await page.goto(url, { waitUntil: 'commit', timeout: 60_000 })
  // Playwright's own waiting for a function needs eval, which the page's policy refuses.
  while (!(await page.evaluate('window.consoleMs').catch(() => null))) await systemClock.sleep(pollMs)
  const times = (await page.evaluate(`[
    performance.getEntriesByName('first-contentful-paint')[0].startTime, window.firstWebhookMs, window.consoleMs
  ].map(Math.round)`)) as [number, number, number]
  const [firstPaintMs, firstWebhookMs, consoleMs] = times
  return { bytes, requests, firstPaintMs, firstWebhookMs, consoleMs }
}
