import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { openBrowser, phone, type TestBrowser } from '../support/browser.ts'
import { startTestStack, type TestStack } from '../support/services.ts'
import { overflowPx, pathOf, seriousFindings, signIn } from './steps.ts'

// Each test continues where the one before ended.

let world: TestStack
let browser: TestBrowser
let page: Page

beforeAll(async () => {
  world = await startTestStack({
    brokers: inject('brokers'),
    schemaRegistryUrl: inject('schemaRegistryUrl'),
    partitions: 1,
    services: ['admin'],
  })
  for (const name of ['Archive', 'CRM', 'Shop']) await world.defineWebhook(`/${name}`, [name], { name })
  browser = await openBrowser()
  page = await browser.page()
  await signIn(page, world)
  await page.goto(pathOf(world, 'webhooks?view=table'))
})

/** A screenshot of the failure. */
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await browser.shootFailure(page, 'several-webhooks-failed')
})

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
})

const select = (name: string) => page.getByRole('checkbox', { name: `Select ${name}`, exact: true })
const button = (name: string) => page.getByRole('button', { name, exact: true })
const confirm = (name: string) => page.getByRole('dialog').getByRole('button', { name, exact: true })

const stored = async () => {
  const path = `businesses/${world.businessId}/webhooks`
  type Listed = { webhooks: { name: string; enabled: boolean; paused: boolean }[] }
  const { webhooks } = await world.admin.http.get(path).json<Listed>()
  return Object.fromEntries(webhooks.map(({ name, enabled, paused }) => [name, { enabled, paused }]))
}

const running = { enabled: true, paused: false }
const paused = { enabled: true, paused: true }

test('chosen webhooks are paused after a question, and the others go on', async () => {
  await select('CRM').check()
  await select('Shop').check()
  await button('Pause 2 webhooks').click()
  await page.getByRole('dialog').getByText('Nothing is sent while a webhook is paused').waitFor()
  await browser.shoot(page, 'several-question')
  expect(await seriousFindings(page)).toEqual([])
  await confirm('Pause 2 webhooks').click()
  await page.getByText('2 webhooks paused.').waitFor()
  expect(await stored()).toEqual({ Archive: running, CRM: paused, Shop: paused })
  await button('Resume 2 webhooks').waitFor()
  await browser.shoot(page, 'several-paused')
  expect(await seriousFindings(page)).toEqual([])
})

test('an action changes only the chosen webhooks that it applies to', async () => {
  await select('CRM').uncheck()
  await select('Archive').check()
  await button('Resume 1 webhook').click()
  await page.getByText('1 webhook resumed.').waitFor()
  expect(await stored()).toEqual({ Archive: running, CRM: paused, Shop: running })
})

test('all webhooks of the list are switched off at once, and those that a filter hides are not', async () => {
  await page.getByRole('textbox', { name: 'Search', exact: true }).fill('a')
  await page.getByRole('row').nth(2).waitFor({ state: 'detached' })
  await page.getByRole('checkbox', { name: 'Select all' }).check()
  await button('Switch 1 webhook off').click()
  await confirm('Switch 1 webhook off').click()
  await page.getByText('1 webhook switched off.').waitFor()
  expect(await stored()).toMatchObject({ Archive: { enabled: false }, CRM: paused, Shop: running })
})

test('a viewer who may not change webhooks chooses none, and the tools fit a phone', async () => {
  const viewer = await browser.page()
  await signIn(viewer, world, { role: 'support', permissions: ['webhooks:read'] })
  await viewer.goto(pathOf(world, 'webhooks?view=table'))
  await viewer.getByRole('row').nth(3).waitFor()
  expect(await viewer.getByRole('checkbox').count()).toBe(0)
  await viewer.context().close()
  const small = await browser.page({ viewport: phone, locale: 'es-AR' })
  await signIn(small, world)
  await small.goto(pathOf(world, 'webhooks?view=table'))
  await small.getByRole('checkbox', { name: 'Seleccionar todos' }).check()
  await small.getByRole('button', { name: 'Apagar 2 webhooks' }).waitFor()
  await browser.shoot(small, 'several-phone')
  expect(await overflowPx(small)).toBe(0)
  await small.context().close()
  expect(browser.faults).toEqual([])
})
