import { randomBytes } from 'node:crypto'
import { createAdminClient } from '../../deploy/demo/admin-client.ts'
import { startPlatform } from '../../deploy/local/platform/platform.ts'
import { startStack } from '../../deploy/local/stack/stack.ts'
import { openBrowser } from '../support/browser.ts'
import { type EmulatedLine, type FirstPage, measureFirstPage } from '../support/first-page.ts'
import { percentile } from './usage.ts'
import { say } from './world.ts'

/** `console`: how soon the console's list of 30 webhooks is there in a browser that has loaded nothing yet. */

const webhooks = 30
const rounds = Number(process.env.HOOKLINE_BENCH_ROUNDS ?? 3)
const lines: Record<string, EmulatedLine> = {
  'own line': null,
  'slow 4G': { kilobitsPerSecond: 1_600, latencyMs: 150 },
  'slow 3G': { kilobitsPerSecond: 400, latencyMs: 400 },
}

export async function firstPage(): Promise<object> {
  await using platform = await startPlatform({ progress: say })
  const prefix = `bench-${randomBytes(4).toString('hex')}-`
  const { brokers, schemaRegistryUrl } = platform
  await using stack = await startStack({
    brokers,
    schemaRegistryUrl,
    progress: say,
    topicPrefix: prefix,
    services: ['admin'],
  })
  const businessId = 'bakery'
  const identity = { role: 'super_admin', businessId, subject: 'maria@bakery.example' }
  const admin = createAdminClient(stack.service('admin').url, await stack.token({ ...identity, businessId: '*' }))
  await admin.activate(businessId)
  for (let n = 1; n <= webhooks; n++)
    await admin.defineWebhook(businessId, {
      name: `Webhook ${n}`,
      url: `https://shop.example/hooks/${n}`,
      channels: [`channel-${n}`],
    })
  await using browser = await openBrowser()
  const signedIn = await browser.page()
  await signedIn.goto(await stack.loginUrl(identity))
  await signedIn.getByRole('navigation').waitFor()
  const cookies = await signedIn.context().cookies()
  const url = `${stack.service('admin').url}/b/${businessId}/webhooks`
  const figures: Record<string, FirstPage> = {}
  for (const [name, line] of Object.entries(lines)) {
    const measured: FirstPage[] = []
    for (let round = 0; round < rounds; round++) {
      const page = await browser.page()
      await page.context().addCookies(cookies)
      measured.push(await measureFirstPage(page, url, 'Webhook 1', line))
      await page.context().close()
    }
    figures[name] = medianOf(measured)
  }
  return figures
}

function medianOf(all: FirstPage[]): FirstPage {
  const of = (name: keyof FirstPage) =>
    percentile(
      all.map((one) => one[name]),
      0.5,
    )
  return {
    bytes: of('bytes'),
    requests: of('requests'),
    firstPaintMs: of('firstPaintMs'),
    firstWebhookMs: of('firstWebhookMs'),
    consoleMs: of('consoleMs'),
  }
}
