import { mkdir, mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import packed, { inflate } from '@sparticuz/chromium'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

/** A real browser for tests: Chromium with its libraries and fonts, from an npm package. */
export type TestBrowser = AsyncDisposable & {
  /** Opens a page in a new profile. Errors that it logs or throws are collected in `faults`. */
  page(options?: BrowserContextOptions): Promise<Page>
  /** Errors of pages, and refusals by the page's policy. */
  faults: string[]
  /** Saves a screenshot in the folder of HOOKLINE_TEST_SCREENSHOTS. Without that variable nobody looks at it. */
  shoot(page: Page, name: string): Promise<void>
  /** Saves a screenshot in that folder or a temporary one, and prints its path. */
  shootFailure(page: Page, name: string): Promise<void>
}

/** Excluded arguments: the package's defaults for cloud functions would switch off what is tested here. */
const args = ['--no-sandbox', '--disable-gpu', '--no-zygote', '--font-render-hinting=none']
/** Time limit for what a page should show: long enough for a machine that is busy with other tests. */
const timeoutMs = 60_000
export const desktop = { width: 1280, height: 860 }
export const phone = { width: 390, height: 844 }

export async function openBrowser(): Promise<TestBrowser> {
  const folder = process.env.HOOKLINE_TEST_SCREENSHOTS
  if (folder) await mkdir(folder, { recursive: true })
  const browser = await launch()
  const faults: string[] = []
  return {
    faults,
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
      if (folder) await page.screenshot({ path: join(folder, `${name}.png`) })
    },
    async shootFailure(page, name) {
      const path = join(folder || (await mkdtemp(join(tmpdir(), 'hookline-screenshots-'))), `${name}.png`)
      await page.screenshot({ path })
      process.stderr.write(`Screenshot of the failure: ${path}\n`)
    },
    [Symbol.asyncDispose]: () => browser.close(),
  }
}

/** HOOKLINE_TEST_CHROMIUM names another Chromium or Chrome, because the package's is for Linux only. */
async function launch(): Promise<Browser> {
  const own = process.env.HOOKLINE_TEST_CHROMIUM
  if (own) return chromium.launch({ executablePath: own, args })
  const executablePath = await packed.executablePath()
  // Libraries that a machine without a desktop lacks.
  const bin = fileURLToPath(new URL('../bin/', import.meta.resolve('@sparticuz/chromium')))
  const libraries = join(await inflate(join(bin, 'al2023.tar.br')), 'lib')
  const env = { ...process.env, LD_LIBRARY_PATH: libraries, FONTCONFIG_PATH: join(tmpdir(), 'fonts') }
  return chromium.launch({ executablePath, args, env })
}
