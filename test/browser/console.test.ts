import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { until } from '../../deploy/local/process/until.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { desktop, openBrowser, phone, type TestBrowser } from '../support/browser.ts'
import { figure } from '../support/figure.ts'
import { publish } from '../support/load.ts'
import { openRecordingServer } from '../support/recording-server.ts'
import { startTestStack, type TestStack } from '../support/services.ts'
import { card, closeDialog, messages, overflowPx, pathOf, seriousFindings, signIn, totals } from './steps.ts'

// One story of a customer: each test continues where the one before ended.

const channel = 'till-whatsapp'
/** Failures within ten minutes that block a webhook (contract.md, 1.9). */
const failuresToBlock = 101
const rejectedLater = 9
const delivered = 12
const tenMinutesMs = 600_000
/** Limit for a machine that is busy with other tests. */
const patience = { timeout: 60_000 }
const receiverPath = '/till'
const markup = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'
const preload = fileURLToPath(new URL('../support/clock-shift.mjs', import.meta.url))

let folder: string
let world: TestStack
let browser: TestBrowser
let page: Page
let secret = ''
let webhookUrl = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-clock-'))
  world = await startTestStack({
    brokers: inject('brokers'),
    schemaRegistryUrl: inject('schemaRegistryUrl'),
    partitions: 2,
    extraEnv: {
      NODE_OPTIONS: `--import=${preload}`,
      HOOKLINE_TEST_CLOCK_FILE: join(folder, 'ahead'),
      HOOKLINE_TEST_CLOCK_OF: 'dispatcher',
    },
  })
  browser = await openBrowser()
  page = await browser.page()
})

/** A screenshot of the failure. */
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await browser.shootFailure(page, 'failed')
})

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

const open = (rest: string, businessId = world.businessId) => page.goto(pathOf(world, rest, businessId))
const button = (name: string, at: Page = page) => at.getByRole('button', { name, exact: true })
const state = (at: Page = page) => at.getByRole('main').getByRole('heading', { level: 1 }).locator('xpath=../span')
const arrivals = () => world.receiver.arrivals.filter(({ path }) => path === receiverPath)

test('a one-time link signs in once, and activates webhooks for a new business', async () => {
  const businessId = `${world.businessId}-new`
  await signIn(page, world, { businessId })
  await page.getByText('Webhooks are not activated').waitFor()
  await browser.shoot(page, 'not-activated')
  await button('Activate webhooks').click()
  await page.getByText('Webhooks are not activated').waitFor({ state: 'detached' })
  await open('account', businessId)
  await page.getByText(/Last changed by maria@bakery.example/).waitFor()
  await browser.shoot(page, 'account')

  const link = await world.stack.loginUrl({ role: 'super_admin', businessId })
  const [first, second] = [await browser.page(), await browser.page()]
  await first.goto(link)
  await first.getByRole('heading', { name: 'No webhooks yet' }).waitFor()
  await second.goto(link)
  await second
    .getByText('You are not signed in, or the link has expired or was already used. Ask for a new link.')
    .waitFor()
  for (const one of [first, second]) await one.context().close()
})

test('a webhook is tried as a draft, created and shown with its secret; a channel already in use names the webhook that has it', async () => {
  const other = await world.defineWebhook('/other', ['other-channel'], { name: 'Loyalty points' })
  await signIn(page, world)
  await page.getByRole('link', { name: 'New webhook' }).click()
  await button('Create').click()
  await page.getByText('Required.').first().waitFor()

  await page.getByLabel('Name').fill('Orders to the till')
  await page.getByRole('textbox', { name: 'URL', exact: true }).fill(world.receiver.url + receiverPath)
  const channels = page.getByRole('combobox', { name: 'Channels' })
  for (const one of [channel, 'other-channel']) {
    await channels.fill(one)
    await channels.press('Enter')
  }
  await page.getByText('other-channel belongs to Loyalty points.').waitFor()
  await browser.shoot(page, 'new-channel-taken')
  await page.getByText(`No event has been seen on ${channel} yet.`).waitFor()
  await button('Move it here').click()
  await page.getByText('other-channel will be moved here from Loyalty points when you save.').waitFor()

  await page.getByLabel('Example: Bot messages').click()
  await page.getByRole('region', { name: 'Example: Bot messages' }).getByText('"fromName": "Bot"').waitFor()
  await browser.shoot(page, 'example')
  await page.getByRole('switch', { name: 'On' }).uncheck()
  await page.getByLabel('Retries').selectOption('none')
  await page.getByLabel('Timeout').fill('999999')
  await page.getByLabel('Slow from').fill('20000')
  await button('Create').click()
  await page.getByText('Enter a whole number from 1,000 to 30,000.').waitFor()
  expect(await page.getByLabel('Timeout').inputValue()).toMatch(/^999999/)
  await page.getByLabel('Timeout').fill('1000')
  await page.getByText('No response can count as slow', { exact: false }).waitFor()
  await browser.shoot(page, 'never-slow')
  // No answer of this receiver is to count as slow, however busy the machine is.
  await page.getByLabel('Timeout').fill('30000')
  await page.getByText('No response can count as slow', { exact: false }).waitFor({ state: 'detached' })
  await button('Add header').click()
  await page.getByLabel('Header', { exact: true }).fill('X-Api-Key')
  await page.getByLabel('Value', { exact: true }).fill('letmein')
  world.receiver.answer(receiverPath, { kind: 'status', status: 200, body: '{"ok":true}' })
  await button('Send test').click()
  await page.getByText(/Answered in/).waitFor()
  expect(arrivals()).toMatchObject([{ headers: { 'x-api-key': 'letmein' } }])

  await button('Create').click()
  secret = (await page.getByTestId('secret').textContent()) ?? ''
  expect(secret).toMatch(/^whsec_/)
  await page.getByRole('tab', { name: 'Python' }).click()
  await page.getByText('from standardwebhooks.webhooks import').waitFor()
  await browser.shoot(page, 'secret')
  world.receiver.expectSecrets(receiverPath, [secret])
  await button('I have stored it').click()
  await page.getByRole('heading', { name: 'Orders to the till' }).waitFor()
  webhookUrl = page.url()
  expect(await state().textContent()).toBe('Off')
  const left = await world.admin.http.get(`businesses/${world.businessId}/webhooks/${other.id}`).json()
  expect(left).toMatchObject({ name: 'Loyalty points', channels: [] })
})

test('a webhook that is switched on can be tested: request, answer and time are shown', async () => {
  await button('Test webhook').click()
  expect(await button('Send test').isDisabled()).toBe(true)
  await closeDialog(page)
  await page.getByRole('switch').press(' ')
  await expect.poll(() => state().textContent(), patience).toMatch(/Idle|Healthy/)
  const waiting = page.getByRole('alert').filter({ hasText: 'Waiting for the first event' })
  await waiting.getByText(`${channel}: no event seen yet`).waitFor()
  await browser.shoot(page, 'first-event')
  await waiting.getByRole('button', { name: 'Send a test' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Event').selectOption('button')
  await dialog.getByLabel('Platform').selectOption('telegram')
  await button('Send test').click()
  await dialog.getByText(/Answered in/).waitFor()
  await dialog.getByText(/X-Api-Key: \*\*\*/).waitFor()
  await dialog
    .getByRole('region', { name: 'Response headers' })
    .getByText(/date: /i)
    .waitFor()
  await dialog.getByRole('region', { name: 'Response', exact: true }).getByText('"ok": true').waitFor()
  await browser.shoot(page, 'test')
  const notification = { chatPlatform: 'telegram', chatChannelId: channel, messages: [{ isButton: true }] }
  expect(arrivals().at(-1)).toMatchObject({ signature: 'valid', notification })

  const json = dialog.getByLabel('Notification (JSON)')
  await json.fill('{ "type": ')
  await dialog.getByText('This is not the JSON of a notification', { exact: false }).waitFor()
  expect(await button('Send test').isDisabled()).toBe(true)
  await json.fill('{ "type": "status", "mine": true }')
  await button('Send test').click()
  await expect.poll(() => arrivals().at(-1)?.notification, patience).toEqual({ type: 'status', mine: true })
  await expect.poll(() => dialog.getByRole('region', { name: 'Last tests' }).getByRole('link').count()).toBe(2)
  await dialog.getByRole('region', { name: 'Last tests' }).scrollIntoViewIfNeeded()
  expect(await seriousFindings(page)).toEqual([])
  await browser.shoot(page, 'test-of-own-json')
  await page.keyboard.press('Escape')
})

test('a webhook is paused instead of switched off, switching off can be undone, and what was skipped can be counted', async () => {
  await page.getByRole('switch').press(' ')
  const dialog = page.getByRole('dialog')
  await dialog.getByText('nothing is sent or kept', { exact: false }).waitFor()
  await browser.shoot(page, 'switch-off')
  await dialog.getByRole('button', { name: 'Pause' }).click()
  await page.getByText('Paused since', { exact: false }).waitFor()
  await browser.shoot(page, 'paused')
  await button('Resume').click()
  await page.getByText('Paused since', { exact: false }).waitFor({ state: 'detached' })

  await page.getByRole('switch').press(' ')
  await dialog.getByRole('button', { name: 'Switch off' }).click()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('switch', { name: 'Switch the webhook on or off', checked: true }).waitFor()

  await button('Send what was skipped…').click()
  await page.getByTestId('replay-count').getByText('notification', { exact: false }).waitFor()
  await browser.shoot(page, 'back-fill')
  await dialog.getByRole('button', { name: 'Cancel' }).click()
})

test("deliveries appear as they happen, and the figures match the receiver's", async () => {
  await world.inForce()
  await publish(world, messages(world, channel, 'ana', delivered, markup))
  await expect.poll(() => totals(page), patience).toMatchObject({ delivered, error: 0 })
  await page.getByText('Waiting for the first event').waitFor({ state: 'detached' })
  expect(arrivals().filter(({ headers }) => !String(headers['webhook-id']).startsWith('msg_test_'))).toHaveLength(
    delivered,
  )
  await expect.poll(() => state().textContent(), patience).toBe('Healthy')
  await page.getByRole('tab', { name: 'Attempts' }).click()
  await page.getByLabel('Contact').fill('ana-3')
  await expect.poll(() => page.locator('tbody tr').count(), patience).toBe(1)
  await page.locator('tbody tr button').click()
  const drawer = page.getByRole('dialog')
  await drawer.getByText(/"contactId": "ana-3"/).waitFor()
  await drawer.getByText(/webhook-signature: \*\*\*/).waitFor()
  await browser.shoot(page, 'attempt')
  await page.keyboard.press('Escape')
})

test('a rotated secret is shown once, and both secrets sign', async () => {
  await page.goto(webhookUrl)
  await button('More actions').click()
  await page.getByRole('menuitem', { name: 'Rotate secret' }).click()
  await button('Create new secret').click()
  const rotated = (await page.getByTestId('secret').textContent()) ?? ''
  expect(rotated).toMatch(/^whsec_/)
  expect(rotated).not.toBe(secret)
  await button('I have stored it').click()
  for (const one of [secret, rotated]) {
    world.receiver.expectSecrets(receiverPath, [one])
    await button('Test webhook').click()
    await button('Send test').click()
    await page.getByText(/Answered in/).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(arrivals().at(-1)?.signature).toBe('valid')
  }
})

test('a failing receiver shows its errors with their answers, then the block with its countdown', async () => {
  world.receiver.answer(receiverPath, { kind: 'status', status: 503, body: `the till is down ${markup}` })
  const before = arrivals().length
  await publish(world, messages(world, channel, 'luis', failuresToBlock))
  expect(await until(() => arrivals().length >= before + failuresToBlock, 60_000, systemClock)).toBe(true)
  await page.goto(`${webhookUrl}/errors`)
  const byCause = card(page, 'By cause')
  await byCause.getByText(`${failuresToBlock} times`).waitFor()
  await byCause.locator('summary').first().click()
  await byCause
    .getByText(/the till is down/)
    .nth(1)
    .waitFor()
  await browser.shoot(page, 'errors')
  await byCause.getByRole('link', { name: 'Show attempts' }).click()
  await page.getByRole('table', { name: 'Attempts' }).getByText('503').first().waitFor(patience)
  expect(new URL(page.url()).searchParams.get('status')).toBe('503')
  await browser.shoot(page, 'attempts-of-cause')

  await page.goto(webhookUrl)
  await page.getByText(/Sending is blocked until/).waitFor(patience)
  const left = page.getByRole('timer')
  const first = await left.textContent()
  expect(first).toMatch(/^(10:00|\d:[0-5]\d)$/)
  await expect.poll(() => left.textContent(), patience).not.toBe(first)
  await publish(world, messages(world, channel, 'eva', rejectedLater))
  // The latest error, and the failures that led here.
  await page.getByRole('alert').getByText('the till is down', { exact: false }).waitFor(patience)
  await card(page, 'Backlog and failures').getByText('101', { exact: true }).last().waitFor()
  const counted = { delivered, error: failuresToBlock, rejected: rejectedLater }
  await expect.poll(() => totals(page), patience).toMatchObject(counted)
  // A notification that would be rejected again.
  expect(await button('Resend all undelivered').isDisabled()).toBe(true)
  await browser.shoot(page, 'blocked')
  await button('Dark theme').click()
  await page.locator('html[data-mantine-color-scheme=dark]').waitFor()
  await browser.shoot(page, 'blocked-dark')
  await button('Light theme').click()
  expect(arrivals()).toHaveLength(before + failuresToBlock)
})

test('once the receiver works again and ten minutes have passed, everything is sent and has arrived', async () => {
  world.receiver.answer(receiverPath, { kind: 'status', status: 200 })
  await writeFile(join(folder, 'ahead'), String(tenMinutesMs + 1_000))
  const before = arrivals().length
  await expect
    .poll(
      async () => {
        await publish(world, messages(world, channel, `probe-${systemClock.nowMs()}`, 1))
        return arrivals().length
      },
      { timeout: 60_000, interval: 1_000 },
    )
    .toBeGreaterThan(before)
  await expect.poll(() => state().textContent(), patience).toMatch(/Healthy|Degraded|Failing/)

  await page.getByRole('button', { name: /^Resend 1\d\d undelivered notifications/ }).click()
  await page.getByTestId('replay-count').getByText('notifications to', { exact: false }).waitFor(patience)
  await browser.shoot(page, 'resumed')
  await page.keyboard.press('Escape')
  await page.getByRole('tab', { name: 'Undelivered' }).click()
  await page.getByText('Not sent: sending was blocked').first().waitFor()
  // Times, and the block, are on the same axis; the period is in the address.
  await page.goto(`${webhookUrl}?period=day`)
  await page.getByTestId('latency').getByText('Sending blocked:').waitFor(patience)
  expect(await page.getByRole('radio', { name: 'Day' }).isChecked()).toBe(true)
  await browser.shoot(page, 'latency')
  await page.goto(`${webhookUrl}/dead-letters`)
  const label = () => page.getByRole('tab', { name: 'Undelivered' }).textContent()
  const number = async () => Number((await label())?.match(/\d+/)?.[0])
  const givenUp = failuresToBlock + rejectedLater
  await expect.poll(number, patience).toBeGreaterThanOrEqual(givenUp)
  // Some of the notifications that were sent until one arrived were rejected, and may not be counted yet.
  let left = 0
  const isSettled = async () => {
    const before = await number()
    await systemClock.sleep(2_000)
    left = await number()
    return left === before
  }
  expect(await until(isSettled, 60_000, systemClock)).toBe(true)
  await browser.shoot(page, 'dead-letters')
  // One alone, chosen in its row.
  await page
    .getByLabel(/Select the notification to/)
    .first()
    .check()
  await button('Resend 1 selected').click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('1 notification to 1 contact', { exact: false }).waitFor(patience)
  await browser.shoot(page, 'replay-chosen')
  await dialog.getByRole('button', { name: 'Resend', exact: true }).click()
  await card(page, 'Resend finished').waitFor()
  await expect.poll(label, patience).toBe(`Undelivered${left - 1}`)
  await button('Hide').click()
  // The first replay is slow, and is stopped before it has sent everything.
  await button('Resend all undelivered').click()
  await page.getByLabel('Maximum per second').fill('1')
  await dialog.getByRole('button', { name: 'Resend', exact: true }).click()
  await card(page, 'Resending…').waitFor()
  await button('Stop').click()
  await card(page, 'Resend stopped').getByText('were not resent').waitFor()
  await expect.poll(() => button('Stop').count(), patience).toBe(0)
  for (const [language, title] of [
    ['es', 'Reenvío detenido'],
    ['pt', 'Reenvio interrompido'],
    ['en', 'Resend stopped'],
  ] as const) {
    await page.evaluate((chosen) => localStorage.setItem('hookline-language', chosen), language)
    await page.reload()
    await card(page, title).waitFor()
    await browser.shoot(page, `replay-stopped-${language}`)
  }
  await button('Resend all undelivered').click()
  await page.getByLabel('Maximum per second').fill('100')
  await dialog.getByRole('button', { name: 'Resend', exact: true }).click()
  await card(page, 'Resend finished').waitFor()
  await expect.poll(label, patience).toBe('Undelivered')
  await page.getByText('Nothing left to deliver').waitFor(patience)
  await page.getByLabel('Show those delivered since, too').check()
  await page.getByText('Delivered since:').first().waitFor()
  await browser.shoot(page, 'replayed')
  await page.getByRole('tab', { name: 'Resends' }).click()
  const replays = page.getByRole('table', { name: 'Resends' })
  await replays.getByRole('row', { name: /All undelivered .*Resend finished/ }).waitFor(patience)
  await replays.getByRole('row', { name: /All undelivered .*Resend stopped/ }).waitFor()
  await replays.getByRole('row', { name: /maria@bakery.example Selected undelivered ones .*1 of 1/ }).waitFor()
  await browser.shoot(page, 'replays')
  // Another one is counted while the list is read, and moves no row.
  const rows = await replays.getByRole('row').count()
  await replays.getByRole('row').nth(1).hover()
  const path = `businesses/${world.businessId}/webhooks/${webhookUrl.split('/').at(-1)}/replay`
  await world.admin.http.post(path, { json: { contactId: 'ana-1' } })
  await button('1 new').waitFor(patience)
  expect(await replays.getByRole('row').count()).toBe(rows)
  await browser.shoot(page, 'replays-held')
  await button('1 new').click()
  await expect.poll(() => replays.getByRole('row').count(), patience).toBe(rows + 1)
  // Notifications that have arrived are sent again only after a second question.
  await button('Resend since…').click()
  await dialog.getByLabel('Successful').check()
  await dialog.getByRole('button', { name: 'Resend', exact: true }).click()
  await dialog.getByText('Your server has already accepted some of these').waitFor()
  await dialog.getByRole('button', { name: 'Send a second time' }).waitFor()
  await browser.shoot(page, 'replay-second-time')
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  const missing = () => {
    const here = new Set(arrivals().map(({ notification }) => notification?.contactId))
    const wanted = [
      ...contacts('ana', delivered),
      ...contacts('luis', failuresToBlock),
      ...contacts('eva', rejectedLater),
    ]
    return wanted.filter((contact) => !here.has(contact))
  }
  await expect.poll(missing, patience).toEqual([])
  const ids = (prefix: string) =>
    arrivals()
      .filter(({ notification }) => notification?.contactId === `${prefix}-0`)
      .map(({ webhookId }) => webhookId)
  // Refused once, accepted once: the same notification.
  expect(new Set(ids('luis')).size).toBe(1)
  expect(ids('luis')).toHaveLength(2)
})

const contacts = (prefix: string, count: number) =>
  Array.from({ length: count }, (_unused, index) => `${prefix}-${index}`)

test('one notification is replayed from the page of its attempt', async () => {
  const count = () => arrivals().filter(({ notification }) => notification?.contactId === 'ana-5').length
  await page.goto(`${webhookUrl}/attempts?contactId=ana-5`)
  await page.locator('tbody tr button').first().click()
  await page.getByRole('dialog').getByRole('button', { name: 'Resend' }).click()
  await expect.poll(count, patience).toBe(2)
  await page.getByRole('dialog').waitFor({ state: 'detached' })
})

test('alert addresses are set and tried on the account page; alerts are listed for the webhook, and troubled webhooks for operators', async () => {
  await using alerts = await openRecordingServer()
  await open('account')
  await page.getByRole('combobox', { name: 'URLs' }).fill(`${alerts.url}/alerts`)
  await page.getByRole('combobox', { name: 'URLs' }).press('Enter')
  await page.getByRole('combobox', { name: 'Mail addresses' }).fill('ops@bakery.example')
  await page.getByRole('combobox', { name: 'Mail addresses' }).press('Enter')
  await button('Save').click()
  await page.getByText('Alert addresses saved.').waitFor()
  await button('Send a test alert').click()
  await page.getByText('Not every address got the test alert').waitFor()
  await page.getByText('(no SMTP server is configured)').waitFor()
  expect(alerts.seen.map(({ body }) => (JSON.parse(body) as { kind: string }).kind)).toEqual(['test'])
  await browser.shoot(page, 'account-alerts')

  await page.goto(webhookUrl)
  await card(page, 'Latest alerts').getByText('Sending blocked').first().waitFor()
  await card(page, 'Latest alerts').scrollIntoViewIfNeeded()
  await browser.shoot(page, 'alerts')

  const operator = await browser.page()
  await signIn(operator, world, { businessId: '*', subject: 'operator' })
  await operator.getByRole('link', { name: 'Overview' }).click()
  await operator
    .getByRole('row', { name: /Orders to the till/ })
    .getByText(/Sending blocked/)
    .waitFor()
  await browser.shoot(operator, 'overview')
  await operator.context().close()
})

test('a change shows up in another page that is open', async () => {
  const other = await browser.page()
  await signIn(other, world, { subject: 'ana@bakery.example' })
  await other.getByRole('link', { name: 'Orders to the till' }).waitFor()
  await page.goto(`${webhookUrl}/edit`)
  await page.getByLabel('Name').fill('Orders to the new till')
  const beganMs = systemClock.monotonicMs()
  await button('Save').click()
  await other.getByRole('link', { name: 'Orders to the new till' }).waitFor()
  process.stdout.write(
    `a change shows in a second page ${Math.round(systemClock.monotonicMs() - beganMs)} ms after the click\n`,
  )
  await other.context().close()
})

test('an earlier version is compared with the current one and restored', async () => {
  await page.goto(`${webhookUrl}/history`)
  const compare = card(page, 'Compare versions')
  await compare.getByText('Orders to the new till').waitFor()
  await browser.shoot(page, 'history')
  await compare.getByRole('link', { name: /Restore version/ }).click()
  await page.getByText(/Version \d+ is filled in/).waitFor()
  expect(await page.getByLabel('Name').inputValue()).toBe('Orders to the till')
  await browser.shoot(page, 'restore')
  await button('Save').click()
  await page.getByRole('heading', { name: 'Orders to the till', exact: true }).waitFor()
})

test('the audit log is filtered by webhook and person, and a deleted webhook leads to its entries', async () => {
  const gone = await world.defineWebhook('/gone', ['gone-channel'], { name: 'Gone' })
  await world.admin.removeWebhook(world.businessId, gone)
  await open('audit')
  await page
    .getByRole('row', { name: /Deleted/ })
    .getByRole('link', { name: 'Gone' })
    .click()
  await expect.poll(() => page.locator('tbody tr').count(), patience).toBe(2)
  expect(new URL(page.url()).searchParams.get('webhookId')).toBe(gone.id)
  await browser.shoot(page, 'audit-of-deleted')
  await button('Clear filters').click()
  await page.getByLabel('Who').fill('MARIA')
  await page.getByRole('link', { name: 'Gone' }).first().waitFor({ state: 'detached' })
  await page.getByRole('cell', { name: 'maria@bakery.example' }).first().waitFor()
})

/** Submits although the page may have noticed the end of its session by itself, and covers the button with its dialog. */
async function submitWithoutSession(): Promise<void> {
  await page.context().clearCookies()
  await button('Create').dispatchEvent('click')
}

test('the contents of a form survive the end of the session and a reload', async () => {
  await open('webhooks/new')
  await page.getByRole('combobox', { name: 'Channels' }).click()
  await page.getByRole('option', { name: new RegExp(`^${channel} · webchat · last event`) }).waitFor()
  await browser.shoot(page, 'seen-channels')
  await page.getByLabel('Name').fill('Half-written')
  await page.getByRole('textbox', { name: 'URL', exact: true }).fill(`${world.receiver.url}/half`)
  await submitWithoutSession()
  await page.getByText('Your session has ended').waitFor()
  await browser.shoot(page, 'session-ended')
  await page.reload()
  await page
    .getByLabel('One-time link')
    .fill(await world.stack.loginUrl({ role: 'super_admin', businessId: world.businessId }))
  await button('Sign in').click()
  await page.getByText('Your unsaved changes have been restored.').waitFor()
  expect(await page.getByLabel('Name').inputValue()).toBe('Half-written')
  await submitWithoutSession()
  await page
    .getByLabel('One-time link')
    .fill(await world.stack.loginUrl({ role: 'super_admin', businessId: world.businessId }))
  await button('Sign in').click()
  await page.getByText('Your session has ended').waitFor({ state: 'detached' })
  expect(await page.getByLabel('Name').inputValue()).toBe('Half-written')
  await page.getByRole('link', { name: 'Cancel' }).click()
})

test('a read-only user sees no buttons, and gets 403', async () => {
  const reader = await browser.page()
  await signIn(reader, world, { role: 'analyst', permissions: ['webhooks:read'] })
  await reader.getByRole('link', { name: 'Orders to the till' }).click()
  await card(reader, 'Responses').waitFor()
  for (const name of ['Test webhook', 'Edit', 'More actions', 'Resend all undelivered'])
    expect(await reader.getByText(name, { exact: true }).or(button(name, reader)).count(), name).toBe(0)
  expect(await reader.getByRole('switch').count()).toBe(0)
  await browser.shoot(reader, 'read-only')
  await reader.goto(pathOf(world, 'account'))
  await reader.getByText('You do not have permission to change this.').waitFor()
  await reader.goto(pathOf(world, 'webhooks'))
  expect(await reader.getByRole('link', { name: 'New webhook' }).count()).toBe(0)
  expect(await statusOf(reader, 'PUT', `/businesses/${world.businessId}/account`, { webhooksEnabled: false })).toBe(403)
  const id = webhookUrl.split('/').at(-1)
  expect(await statusOf(reader, 'DELETE', `/businesses/${world.businessId}/webhooks/${id}`)).toBe(403)
  expect(await statusOf(reader, 'POST', `/businesses/${world.businessId}/webhooks/${id}/test`, {})).toBe(403)
  await reader.context().close()
})

test('data of another business is out of reach', async () => {
  const stranger = await browser.page()
  await signIn(stranger, world, { businessId: 'someone-else' })
  const id = webhookUrl.split('/').at(-1)
  for (const rest of ['webhooks', `webhooks/${id}`, 'account', 'audit']) {
    await stranger.goto(pathOf(world, rest))
    await stranger.getByText('You do not have permission for this. Ask your administrator.').first().waitFor()
    expect(await stranger.getByText('Orders to the till').count(), rest).toBe(0)
  }
  await stranger.goto(pathOf(world, `webhooks/${id}`, 'someone-else'))
  await stranger.getByText('This webhook does not exist').waitFor()
  await stranger.context().close()
})

/** A request of the page's session, with its token against cross-site requests. */
function statusOf(from: Page, method: string, path: string, body?: object): Promise<number> {
  return from.evaluate(
    async (request) => {
      const session = (await (await fetch('/api/v1/session')).json()) as { csrfToken: string }
      const headers = { 'x-csrf-token': session.csrfToken, 'if-match': '*', 'content-type': 'application/json' }
      const init = { method: request.method, headers, ...(request.body && { body: JSON.stringify(request.body) }) }
      return (await fetch(`/api/v1${request.path}`, init)).status
    },
    { method, path, body },
  )
}

const pages = () => {
  const id = webhookUrl.split('/').at(-1)
  const tabs = ['', '/attempts', '/errors', '/dead-letters', '/replays', '/settings', '/history', '/edit']
  return ['webhooks', 'webhooks/new', ...tabs.map((tab) => `webhooks/${id}${tab}`), 'account', 'overview', 'audit']
}
const settled = async (at: Page) => {
  await at.getByRole('heading', { level: 1 }).waitFor()
  await at.locator('[aria-busy=true]').first().waitFor({ state: 'detached' })
}
const clean = (rest: string) => rest.replaceAll(/wh_\w+|[\w-]{30,}/g, 'one').replaceAll('/', '-')

test.concurrent.each([
  // axe takes more than a second a page and its result does not depend on the language, so each page is checked once,
  // and the four most different ones in the dark scheme too.
  ['en-GB', 'light', 'desktop', 'Error log', /./],
  ['es-MX', 'dark', 'phone', 'Registro de errores', /(webhooks|new|wh_\w+|attempts)$/],
  ['pt-BR', 'light', 'phone', 'Registro de erros', null],
] as const)(
  '%s, %s, %s: every page has all texts, fits the screen, and axe finds nothing serious',
  async (...viewing) => {
    const [locale, colorScheme, size, tab, withAxe] = viewing
    const viewport = size === 'phone' ? phone : desktop
    const viewer = await browser.page({ locale, colorScheme, viewport, timezoneId: 'America/Mexico_City' })
    await signIn(viewer, world)
    const findings: string[] = []
    for (const rest of pages()) {
      await viewer.goto(pathOf(world, rest))
      await settled(viewer)
      await browser.shoot(viewer, `${locale}-${colorScheme}-${clean(rest)}`)
      findings.push(...(await findingsOf(viewer, withAxe?.test(rest) === true)).map((finding) => `${rest}: ${finding}`))
    }
    expect(findings).toEqual([])
    expect(await viewer.locator('html').getAttribute('lang')).toBe(locale.slice(0, 2))
    await viewer.goto(webhookUrl)
    await viewer.getByRole('tab', { name: tab }).waitFor()
    await viewer.context().close()
  },
)

async function findingsOf(viewer: Page, withAxe: boolean): Promise<string[]> {
  const text = await viewer.locator('body').innerText()
  // A missing text would be shown as its key.
  const keys = text.match(/\b(list|form|webhook|state|audit|attempts?|replay|account|failure)\.[a-z]\w+/g) ?? []
  const px = await overflowPx(viewer)
  return [...keys, ...(withAxe ? await seriousFindings(viewer) : []), ...(px > 0 ? [`${px} px too wide`] : [])]
}

test('markup in names, messages and answers runs nothing, and no page violates its content security policy', async () => {
  await world.defineWebhook('/evil', ['evil-channel'], { name: markup, headers: { 'X-Evil': markup } })
  await signIn(page, world)
  await page.getByRole('link', { name: markup }).click()
  await page.getByRole('heading', { name: markup }).waitFor()
  await button('Test webhook').click()
  await page.keyboard.press('Escape')
  for (const rest of ['webhooks', 'audit']) {
    await open(rest)
    await settled(page)
  }
  await page.goto(`${webhookUrl}/attempts?contactId=ana-3`)
  await page.locator('tbody tr button').first().click()
  await page
    .getByRole('dialog')
    .getByText(/onerror=/)
    .waitFor()
  await page.goto(`${webhookUrl}/errors`)
  await page.locator('summary').first().click()
  await page
    .getByText(/window.hacked=1/)
    .first()
    .waitFor()
  expect(await page.evaluate('window.hacked')).toBeUndefined()
  const policy = (await page.request.get(webhookUrl)).headers()['content-security-policy'] ?? ''
  for (const kind of ['script', 'style']) expect(policy).toMatch(new RegExp(`${kind}-src 'self'(;|$)`))
  expect(policy).not.toMatch(/unsafe/)
  // The browser itself reports expected refusals as errors.
  const unexpected = browser.faults.filter((fault) => !/status of (401|403|404|409)/.test(fault))
  expect(unexpected).toEqual([])
  figure(
    35,
    `${browser.faults.length - unexpected.length} refusals as expected, nothing has run, no page has broken its policy`,
  )
})
