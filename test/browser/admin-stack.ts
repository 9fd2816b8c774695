import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, inject } from 'vitest'
import { openBrowser, type TestBrowser } from '../support/browser.ts'
import { startTestStack, type TestStack, type TestWebhook } from '../support/services.ts'
import { pathOf, signIn } from './steps.ts'

/** One stack without traffic, one browser and one page, signed in: for all tests that admin-alone.test.ts lists. */

export let world: TestStack
export let browser: TestBrowser
export let page: Page
export let orders: TestWebhook

beforeAll(async () => {
  const { brokers, schemaRegistryUrl } = { brokers: inject('brokers'), schemaRegistryUrl: inject('schemaRegistryUrl') }
  world = await startTestStack({ brokers, schemaRegistryUrl, partitions: 1, services: ['admin'] })
  orders = await world.defineWebhook('/orders', ['orders'], { name: 'Orders' })
  browser = await openBrowser()
  page = await browser.page()
  await signIn(page, world)
})

/** A screenshot of the failure. */
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await browser.shootFailure(page, 'admin-alone-failed')
})

afterAll(async () => {
  await browser?.[Symbol.asyncDispose]()
  await world?.[Symbol.asyncDispose]()
})

export const open = (rest: string, at: Page = page) => at.goto(pathOf(world, rest))
export const button = (name: string, at: Page = page) => at.getByRole('button', { name, exact: true })
