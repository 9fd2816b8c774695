import { readFile } from 'node:fs/promises'
import type { Locator, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import type { HttpEvent } from '../../deploy/demo/conversations/http-event.ts'
import type { NotificationPage } from '../../services/domain/api/notifications.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'
import { openBrowser, phone, type TestBrowser } from '../support/browser.ts'
import { publish } from '../support/load.ts'
import { startTestStack, type TestStack, type TestWebhook } from '../support/services.ts'
import { overflowPx, pathOf, seriousFindings, signIn } from './steps.ts'

// A support agent knows a phone number. Each test continues where the one before ended.

const contactId = '5491155550212'
const patience = { timeout: 60_000 }

let world: TestStack
let browser: TestBrowser
let page: Page
let crm: TestWebhook

beforeAll(async () => {
  world = await startTestStack({
    brokers: inject('brokers'),
    schemaRegistryUrl: inject('schemaRegistryUrl'),
    partitions: 2,
  })
  world.receiver.answer('/crm', { kind: 'status', status: 400, body: '{"error":"unknown customer"}' })
  crm = await world.defineWebhook('/crm', ['crm-whatsapp'], { name: 'CRM', retryProfile: 'none' })
  world.receiver.answer('/slow', { kind: 'hang' })
  await world.defineWebhook('/slow', ['slow-whatsapp'], { name: 'Archive', timeoutMs: 30_000 })
  await world.inForce()
  browser = await openBrowser()
  page = await browser.page()
})

/** A screenshot of the failure. */
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await browser.shootFailure(page, 'looking-up-failed')
})

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
})

function said(chatChannelId: string, id: string, message: string): HttpEvent {
  const time = new Date(systemClock.nowMs()).toISOString()
  return {
    type: 'message',
    eventId: `event-${id}`,
    businessId: world.businessId,
    chatPlatform: 'whatsapp',
    chatChannelId,
    contactId,
    whatsappNumber: '5491100000000',
    customerId: 'customer-1',
    firstName: 'Ana',
    lastName: 'Paz',
    customerCreationTime: time,
    sessionCreationTime: time,
    messages: [{ id: `message-${id}`, date: time, from: 'user', fromName: 'Ana', message }],
  }
}

const fatesOf = async (q: string) => {
  const path = `businesses/${world.businessId}/notifications`
  const found: NotificationPage = await world.admin.http.get(path, { searchParams: { q } }).json()
  return found.notifications.map(({ fate }) => fate)
}

const listWebhooks = async () => {
  const path = `businesses/${world.businessId}/webhooks`
  return (await world.admin.http.get(path).json<{ webhooks: { id: string }[] }>()).webhooks
}

test("why a contact's last message failed takes one click from signing in, knowing the end of the phone number", async () => {
  await publish(world, [said('crm-whatsapp', '1', '¿Dónde está mi pedido?')])
  await expect.poll(() => fatesOf('0212'), patience).toEqual(['givenUp'])
  await signIn(page, world)
  await page.getByRole('heading', { name: 'Webhooks' }).waitFor()
  await page.keyboard.press('/')
  await page.keyboard.type('5555-0212')
  await page.keyboard.press('Enter')
  await page.getByText('User: ¿Dónde está mi pedido?').waitFor()
  await page.getByText('Not accepted by your server · 400').waitFor()
  expect(new URL(page.url()).searchParams.get('q')).toBe('5555-0212')
  await browser.shoot(page, 'found')
  expect(await seriousFindings(page)).toEqual([])

  await page.getByRole('row').nth(1).getByRole('link').click()
  await page.getByText('unknown customer').waitFor()
  await browser.shoot(page, 'story-undelivered')
  expect(await seriousFindings(page)).toEqual([])
  await page.reload()
  await page.getByText('unknown customer').waitFor()
})

test('the story of a notification shows its texts and its JSON, and it can be copied and sent again from there', async () => {
  await page.getByRole('list', { name: 'Texts of the conversation' }).getByText('¿Dónde está mi pedido?').waitFor()
  await page.getByRole('region', { name: 'Body' }).getByText('"_id_": "message-1"').first().waitFor()
  await page.getByRole('button', { name: 'Copy as curl' }).waitFor()
  world.receiver.answer('/crm', { kind: 'status', status: 204 })
  await page.getByRole('button', { name: 'Resend' }).click()
  await page.getByText('Delivered after 2 attempts.').waitFor(patience)
  await page.getByText('It was resent').waitFor()
  await browser.shoot(page, 'story-delivered')

  await page.getByRole('button', { name: 'Resend' }).click()
  await page.getByRole('dialog').getByText('It has already been delivered').waitFor()
  await browser.shoot(page, 'story-second-time')
  await page.getByRole('button', { name: 'Cancel' }).click()
  expect(world.receiver.arrivals.filter(({ path }) => path === '/crm')).toHaveLength(2)
})

test("a contact's conversation shows all notifications in order, and what waits behind what", async () => {
  await publish(world, [said('slow-whatsapp', '2', 'Hola'), said('slow-whatsapp', '3', 'Sigo acá')])
  await publish(world, [said('nobody-whatsapp', '4', 'Nadie escucha')])
  // The request that hangs ends after 30 s, and is then tried again.
  const underway = expect.stringMatching(/^(waiting|retrying)$/)
  await expect.poll(() => fatesOf('0212'), patience).toEqual(['notSent', 'waiting', underway, 'delivered'])
  await page.getByRole('link', { name: contactId }).click()
  await page.getByText('Waits behind: User: Hola').waitFor()
  const texts = await page.getByRole('main').getByRole('listitem').allTextContents()
  expect(texts.map((text) => /User: (\p{P}*\p{L}+?)(?=\d|\s)/u.exec(text)?.[1])).toEqual([
    '¿Dónde',
    'Hola',
    'Sigo',
    'Nadie',
  ])
  await page.getByText('No webhook had this channel').waitFor()
  await browser.shoot(page, 'conversation')
  expect(await seriousFindings(page)).toEqual([])
  await page.getByRole('link', { name: /Nadie escucha/ }).click()
  await page.getByText('No notification was created. This is the event.').waitFor()
  await page.getByRole('link', { name: 'Previous' }).waitFor()
  await browser.shoot(page, 'story-not-sent')
  expect(await seriousFindings(page)).toEqual([])
})

test("a notification's page leads to the neighbours in the conversation or in the search that it was opened from", async () => {
  const heading = (text: string) => page.getByRole('heading', { level: 1, name: `User: ${text}` })
  const [previous, next] = ['Previous', 'Next'].map((name) => page.getByRole('link', { name })) as [Locator, Locator]
  // A conversation has the oldest first.
  expect(await next.count()).toBe(0)
  await previous.click()
  await heading('Sigo acá').waitFor()
  await next.waitFor()
  await page.keyboard.press('k')
  await heading('Hola').waitFor()
  await next.waitFor()
  await page.keyboard.press('j')
  await heading('Sigo acá').waitFor()
  await next.waitFor()
  await page.goBack()
  await page.getByRole('main').getByRole('listitem').nth(3).waitFor()

  // A search has the newest first, also after a reload.
  await page.goto(pathOf(world, 'find?q=0212'))
  await page.getByRole('row').nth(2).getByRole('link').click()
  await heading('Sigo acá').waitFor()
  await page.reload()
  await next.waitFor()
  await browser.shoot(page, 'story-neighbours')
  await page.keyboard.press('j')
  await heading('Hola').waitFor()
  await previous.waitFor()
  // A key that is typed into a field leads nowhere.
  await page.getByRole('searchbox').press('k')
  await previous.click()
  await heading('Sigo acá').waitFor()
  await previous.waitFor()
  await page.keyboard.press('k')
  await heading('Nadie escucha').waitFor()
  await next.waitFor()
  expect(await previous.count()).toBe(0)
  await page.goBack()
  await page.getByRole('row').nth(4).waitFor()
  expect(new URL(page.url()).searchParams.get('q')).toBe('0212')
})

test('a viewer who may not read bodies sees what became of a message, and not what it says nor who wrote it', async () => {
  const viewer = await browser.page()
  await signIn(viewer, world, { role: 'support', permissions: ['webhooks:read'] })
  await viewer.goto(pathOf(world, 'find?q=0212'))
  await viewer.getByRole('cell', { name: '***0212' }).first().waitFor()
  await viewer.getByText('your role does not include the permission').waitFor()
  await browser.shoot(viewer, 'masked-found')
  await viewer.getByRole('row').nth(1).getByRole('link').click()
  await viewer.getByText('Text hidden').waitFor()
  await browser.shoot(viewer, 'masked-story')
  expect(await seriousFindings(viewer)).toEqual([])
  await viewer.getByRole('link', { name: '***0212' }).click()
  await viewer.getByRole('main').getByRole('listitem').nth(3).waitFor()
  await browser.shoot(viewer, 'masked-conversation')
  expect(await viewer.content()).not.toMatch(/pedido|Sigo|Nadie|Ana|5491155/)
  await viewer.context().close()
})

test('the attempts that the filters select are exported as a file', async () => {
  const [{ id } = { id: '' }] = await listWebhooks()
  await page.goto(pathOf(world, `webhooks/${id}/attempts?contactId=${contactId}`))
  await page.getByRole('button', { name: 'Export' }).click()
  const downloading = page.waitForEvent('download')
  await page.getByRole('menuitem', { name: 'Spreadsheet (CSV)' }).click()
  const download = await downloading
  expect(download.suggestedFilename()).toBe(`attempts-${id}.csv`)
  const rows = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n')
  expect([rows.length, rows.filter((row) => row.includes(contactId)).length]).toEqual([3, 2])
  await page.getByRole('button', { name: 'Export' }).click()
  await browser.shoot(page, 'export')
  expect(await seriousFindings(page)).toEqual([])
  await page.goto(pathOf(world, `webhooks/${id}/dead-letters`))
  await page.getByRole('button', { name: 'Export' }).waitFor()
  await browser.shoot(page, 'export-given-up')
})

test('a list of attempts stays as it is while somebody reads it, and counts what is new', async () => {
  await page.goto(pathOf(world, `webhooks/${crm.id}/attempts`))
  const rows = page.locator('tbody tr')
  await expect.poll(() => rows.count(), patience).toBe(2)
  expect(await rows.getByRole('button').allTextContents()).toEqual([
    expect.stringMatching(/:\d\d\.\d{3}$/),
    expect.stringMatching(/:\d\d\.\d{3}$/),
  ])
  const requests: string[] = []
  page.on('request', (request) => {
    if (request.url().includes('/attempts?') || request.url().endsWith('/attempts')) requests.push(request.url())
  })
  await rows.first().hover()
  await publish(world, [said('crm-whatsapp', '5', 'Gracias')])
  await page.getByRole('button', { name: '1 new' }).waitFor(patience)
  await browser.shoot(page, 'attempts-held')
  expect(await rows.count()).toBe(2)
  await page.getByRole('button', { name: '1 new' }).click()
  await expect.poll(() => rows.count()).toBe(3)
  await page.mouse.move(0, 0)
  await publish(world, [said('crm-whatsapp', '6', 'Chau')])
  await expect.poll(() => rows.count(), patience).toBe(4)
  // The newest page only.
  expect(requests.filter((url) => url.includes('cursor='))).toEqual([])
})

test('an attempt that is open has an address, and Back closes it', async () => {
  await page.locator('tbody tr button').first().click()
  await page.getByRole('dialog').getByText('Gracias').or(page.getByRole('dialog').getByText('Chau')).first().waitFor()
  const address = page.url()
  expect(new URL(address).searchParams.get('attempt')).not.toBeNull()
  await page.goBack()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.goto(address)
  await page.getByRole('dialog').getByText('Chau').first().waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  expect(new URL(page.url()).searchParams.get('attempt')).toBeNull()
})

test('the pages fit a phone, in every language', async () => {
  for (const locale of ['en-GB', 'es-AR', 'pt-BR']) {
    const small = await browser.page({ viewport: phone, locale })
    await signIn(small, world)
    await small.goto(pathOf(world, 'find?q=0212'))
    await small.getByText('¿Dónde está mi pedido?').waitFor()
    await browser.shoot(small, `found-phone-${locale}`)
    expect(await overflowPx(small)).toBe(0)
    await small.getByRole('row').last().getByRole('link').click()
    await small.getByRole('button', { name: /curl/ }).waitFor()
    await browser.shoot(small, `story-phone-${locale}`)
    expect(await overflowPx(small)).toBe(0)
    await small.context().close()
  }
  await page.goto(pathOf(world, 'find?q=medialunas'))
  await page.getByText('Nothing found').waitFor()
  expect(browser.faults).toEqual([])
})
