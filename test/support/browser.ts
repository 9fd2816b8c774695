import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import packed, { inflate } from '@sparticuz/chromium'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

/** A real browser for tests: Chromium with the libraries and fonts that it needs, from a package of npm. */
export type TestBrowser = AsyncDisposable & {
  /** A page in a profile of its own. Whatever it logs as an error, or throws, is among `faults`. */
  page(options?: BrowserContextOptions): Promise<Page>
  /** What pages have complained of: errors, what the page's policy has refused. */
  faults: string[]
  /** Leaves a picture in the folder that HOOKLINE_TEST_SCREENSHOTS names, else in one of its own. */
  shoot(page: Page, name: string): Promise<void>
  screenshotFolder: string
}

/** Of the package's own arguments those that are for a browser in a cloud function would switch off what is tested here. */
const args = ['--no-sandbox', '--disable-gpu', '--no-zygote', '--font-render-hinting=none']
/** A page that does not show what is waited for: long enough for a machine that is busy with other tests. */
const timeoutMs = 15_000
export const desktop = { width: 1280, height: 860 }
export const phone = { width: 390, height: 844 }

export async function openBrowser(): Promise<TestBrowser> {
  const named = process.env.HOOKLINE_TEST_SCREENSHOTS
  const screenshotFolder = named || (await mkdtemp(join(tmpdir(), 'hookline-screenshots-')))
  await mkdir(screenshotFolder, { recursive: true })
  const browser = await launch()
  const faults: string[] = []
  return {
    faults,
    screenshotFolder,
    async page(options = {}) {
      const context = await browser.newContext({
        viewport: desktop,
        locale: 'en-GB',
        reducedMotion: 'reduce',
        ...options,
      })
      const page = await context.newPage()
      page.setDefaultTimeout(timeoutMs)
      page.on('pageerror', (error) => faults.push(`${page.url()}: ${error.message}`))
      page.on('console', (message) => {
        if (message.type() === 'error') faults.push(`${page.url()}: ${message.text()}`)
      })
      return page
    },
    async shoot(page, name) {
      await page.screenshot({ path: join(screenshotFolder, `${name}.png`) })
    },
    [Symbol.asyncDispose]: () => browser.close(),
  }
}

/** HOOKLINE_TEST_CHROMIUM names another Chromium or Chrome: the package's is for Linux. */
async function launch(): Promise<Browser> {
  const own = process.env.HOOKLINE_TEST_CHROMIUM
  if (own) return chromium.launch({ executablePath: own, args })
  const executablePath = await packed.executablePath()
  // A machine without a desktop lacks these libraries.
  const bin = fileURLToPath(new URL('../bin/', import.meta.resolve('@sparticuz/chromium')))
  const libraries = join(await inflate(join(bin, 'al2023.tar.br')), 'lib')
  const env = { ...process.env, LD_LIBRARY_PATH: libraries, FONTCONFIG_PATH: join(tmpdir(), 'fonts') }
  return chromium.launch({ executablePath, args, env })
}
