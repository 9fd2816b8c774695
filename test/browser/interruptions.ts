import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { browser, button, open, orders, page, world } from './admin-stack.ts'
import { focusedName, pathOf, signIn } from './steps.ts'

// The network, the server or the viewer's tabs come and go.

const patience = { timeout: 60_000 }
const unreachable = 'The server cannot be reached. Check your connection and try again.'
const tooLate = 'There was no answer in time. Try again.'

const menuItem = async (name: string) => {
  await button('More actions').click()
  await page.getByRole('menuitem', { name }).click()
}
const inDialog = (name: string) => () => page.getByRole('dialog').getByRole('button', { name, exact: true }).click()
const definition = () =>
  world.admin.http
    .get(`businesses/${world.businessId}/webhooks/${orders.id}`)
    .json<{ name: string; enabled: boolean; paused: boolean; version: number }>()
const rename = async (name: string) => {
  const { version } = await definition()
  await world.admin.http.patch(`businesses/${world.businessId}/webhooks/${orders.id}`, {
    json: { name },
    headers: { 'if-match': `"${version}"` },
  })
}

/**
 * Makes waits of more than three seconds four times shorter in a page, so that a test need not wait for them, and a busy
 * machine still answers in time.
 */
const shortenWaits = {
  content: `{
    const shorter = (ms = 0) => (ms > 3_000 ? ms / 4 : ms)
    const { setTimeout: setTimer } = window
    const { timeout } = AbortSignal
    window.setTimeout = (run, ms) => setTimer(run, shorter(ms))
    AbortSignal.timeout = (ms) => timeout.call(AbortSignal, shorter(ms))
  }`,
}

type Action = [name: string, act: () => Promise<unknown>]

/** Every action of the console that changes something, by the page on which it is. */
const actionsOf = (): [place: string, actions: Action[]][] => [
  [
    `webhooks/${orders.id}`,
    [
      ['switching off', () => page.getByRole('switch').press(' ').then(inDialog('Switch off'))],
      ['pausing', () => menuItem('Pause').then(inDialog('Pause'))],
      ['rotating the secret', () => menuItem('Rotate secret').then(inDialog('Create new secret'))],
      ['deleting', () => menuItem('Delete').then(inDialog('Delete'))],
      ['testing', () => button('Test webhook').click().then(inDialog('Send test'))],
    ],
  ],
  [
    `webhooks/${orders.id}/edit`,
    [
      [
        'editing',
        async () => {
          await page.getByLabel('Name').fill('Renamed without a network')
          await button('Save').click()
        },
      ],
    ],
  ],
  [
    'webhooks/new',
    [
      [
        'creating',
        async () => {
          await page.getByLabel('Name').fill('Made without a network')
          await page.getByRole('textbox', { name: 'URL', exact: true }).fill('https://shop.example/hooks')
          await button('Create').click()
        },
      ],
      ['testing a draft', () => button('Send test').click()],
    ],
  ],
  [
    'account',
    [
      [
        'saving addresses of alerts',
        async () => {
          await page.getByRole('combobox', { name: 'Mail addresses' }).fill('ops@bakery.example')
          await page.getByRole('combobox', { name: 'Mail addresses' }).press('Enter')
          await button('Save').click()
        },
      ],
      [
        'signing out',
        async () => {
          await button('User menu').click()
          await page.getByRole('menuitem', { name: 'Sign out' }).click()
        },
      ],
      ['deactivating webhooks', () => button('Deactivate webhooks').click().then(inDialog('Deactivate webhooks'))],
    ],
  ],
]

test('an action without a network fails at once with its reason, and is not carried out once the network is back', async () => {
  const before = await definition()
  const sent: string[] = []
  page.on('request', (request) => {
    if (request.method() !== 'GET' && request.method() !== 'HEAD') sent.push(`${request.method()} ${request.url()}`)
  })
  for (const [place, actions] of actionsOf()) {
    await open(place)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.context().setOffline(true)
    await page.getByText(/^No network connection\. This page is as of \d/).waitFor()
    for (const [name, act] of actions) {
      const tried = sent.length
      await act()
      await page.getByText(unreachable).first().waitFor()
      await expect.poll(() => sent.length - tried, { message: name }).toBe(1)
      await expect.poll(() => page.locator('[data-loading]').count(), { message: name }).toBe(0)
    }
    const tried = sent.length
    await page.context().setOffline(false)
    await page.getByText('No network connection').waitFor({ state: 'detached' })
    await page.getByText('Live updates interrupted').waitFor({ state: 'detached' })
    expect(sent.slice(tried), place).toEqual([])
  }
  expect(await definition()).toEqual(before)
  await page.evaluate(() => sessionStorage.clear())
})

test('a part that cannot be loaded without a network says so, and the page stays', async () => {
  const fresh = await browser.page()
  await signIn(fresh, world)
  await open(`webhooks/${orders.id}/settings`, fresh)
  await fresh.getByRole('heading', { name: 'Settings' }).waitFor()
  await fresh.context().setOffline(true)
  for (const tab of ['Attempts', 'Error log', 'Undelivered']) {
    await fresh.getByRole('tab', { name: tab }).click()
    await fresh.getByRole('tabpanel').getByText(unreachable).waitFor()
    // A reload without the network would show the browser's own page instead.
    await button('Try again', fresh).click()
    await fresh.getByRole('heading', { name: 'Orders' }).waitFor()
  }
  await fresh.getByRole('link', { name: 'Audit log' }).click()
  await fresh.getByRole('tablist').waitFor({ state: 'detached' })
  await fresh.getByText(unreachable).waitFor()
  await fresh.context().setOffline(false)
  // A missing file is asked for on request, missing data by themselves.
  const again = button('Try again', fresh).click()
  again.catch(() => undefined)
  await fresh.getByRole('table', { name: 'Audit log' }).waitFor()
  await fresh.context().close()
})

test('a server that hangs is noticed by every request and by the stream of changes, and all goes on when it answers again', async () => {
  const waiting = await browser.page()
  await waiting.addInitScript(shortenWaits)
  await signIn(waiting, world)
  await open('account', waiting)
  await waiting.getByRole('heading', { name: 'Account' }).waitFor()
  const addresses = waiting.getByRole('combobox', { name: 'Mail addresses' })
  const admin = world.stack.service('admin')
  admin.kill('SIGSTOP')
  try {
    await waiting.getByText(/^Live updates interrupted since/).waitFor()
    await addresses.fill('ops@bakery.example')
    await addresses.press('Enter')
    await button('Save', waiting).click()
    await waiting.getByText(tooLate).waitFor()
    await waiting.getByRole('link', { name: 'Audit log' }).click()
    await waiting.getByRole('main').getByText(tooLate).waitFor()
    await browser.shoot(waiting, 'server-hangs')
  } finally {
    admin.kill('SIGCONT')
  }
  await waiting.getByText(/^Live updates interrupted since/).waitFor({ state: 'detached' })
  await waiting.getByRole('link', { name: 'Webhooks', exact: true }).click()
  await waiting.getByRole('link', { name: 'Orders' }).waitFor()
  await waiting.context().close()
})

test('a page that is opened while the API is away shows the product and recovers by itself', async () => {
  const early = await browser.page()
  await signIn(early, world)
  await early.addInitScript(shortenWaits)
  await early.route('**/api/v1/**', (route) => route.abort())
  await early.goto(pathOf(world, 'webhooks'))
  await early.getByRole('heading', { name: 'Hookline' }).waitFor()
  await early.getByText(unreachable).waitFor()
  await browser.shoot(early, 'api-away')
  await early.unroute('**/api/v1/**')
  await early.getByRole('link', { name: 'Orders' }).waitFor()
  await early.context().close()
})

test('a change made after a page has read, and before its stream of changes is open, is shown', async () => {
  const late = await browser.page()
  await signIn(late, world)
  const opening = Promise.withResolvers<void>()
  await late.route('**/changes', (route) => opening.promise.then(() => route.continue()))
  await open('webhooks', late)
  await late.locator('#root').getByRole('link', { name: 'Orders', exact: true }).waitFor()
  await rename('Orders before the stream')
  opening.resolve()
  await late.getByRole('link', { name: 'Orders before the stream' }).waitFor()
  await rename('Orders')
  await late.getByRole('link', { name: 'Orders', exact: true }).waitFor()
  await late.context().close()
})

test('seven tabs of one browser share one stream of changes, and the next tab takes it over', async () => {
  const first = await browser.page()
  const context = first.context()
  let streams = 0
  context.on('request', (request) => {
    if (request.url().endsWith('/changes')) streams++
  })
  await signIn(first, world)
  await first.getByRole('link', { name: 'Orders' }).waitFor()
  const others: Page[] = []
  for (let number = 2; number <= 7; number++) {
    const other = await context.newPage()
    await open('webhooks', other)
    await other.getByRole('link', { name: 'Orders' }).waitFor(patience)
    others.push(other)
  }
  expect(streams).toBe(1)
  await rename('Orders of seven')
  for (const each of [first, ...others]) await each.getByRole('link', { name: 'Orders of seven' }).waitFor(patience)
  await first.close()
  await expect.poll(() => streams, patience).toBe(2)
  await rename('Orders')
  for (const each of others) await each.getByRole('link', { name: 'Orders', exact: true }).waitFor(patience)
  await context.close()
})

test('the focus returns to a button whose action has failed', async () => {
  await open(`webhooks/${orders.id}/edit`)
  await page.getByLabel('Name').fill('Not saved')
  await page.context().setOffline(true)
  await button('Save').press('Enter')
  await page.getByText(unreachable).first().waitFor()
  await expect.poll(() => focusedName(page)).toBe('Save')
  await page.context().setOffline(false)
  await page.getByRole('link', { name: 'Cancel' }).click()
})

test('the audit log stays as it is while somebody reads it, and counts what is new', async () => {
  await open('audit')
  const rows = page.locator('tbody tr')
  await rows.first().hover()
  const before = await rows.allTextContents()
  await rename('Orders of today')
  await button('1 new').waitFor(patience)
  expect(await rows.allTextContents()).toEqual(before)
  await button('1 new').click()
  await expect.poll(() => rows.count(), patience).toBe(before.length + 1)
  await page.mouse.move(0, 0)
  await rename('Orders')
  await expect.poll(() => rows.count(), patience).toBe(before.length + 2)
})
