import AxeBuilder from '@axe-core/playwright'
import type { Locator, Page } from 'playwright-core'
import type { HttpEvent } from '../../deploy/demo/conversations/http-event.ts'
import type { Claims } from '../../deploy/demo/issuer.ts'
import { messageOf } from '../support/load.ts'
import type { TestStack } from '../support/services.ts'

/** Opens the console with a one-time link for this identity. */
export async function signIn(page: Page, world: TestStack, claims: Partial<Claims> = {}): Promise<void> {
  const identity = { role: 'super_admin', businessId: world.businessId, subject: 'maria@bakery.example', ...claims }
  await page.goto(await world.stack.loginUrl(identity))
  await page.getByRole('navigation').waitFor()
}

export function pathOf(world: TestStack, rest: string, businessId = world.businessId): string {
  return `${world.stack.service('admin').url}/b/${encodeURIComponent(businessId)}/${rest}`
}

/** Presses Escape once the open dialog has the focus: before that, it does not listen to keys. */
export async function closeDialog(page: Page): Promise<void> {
  const dialog = page.getByRole('dialog')
  await dialog.locator(':focus').first().waitFor({ state: 'attached' })
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
}

/** A figure by its accessible name, in a card of the page. */
export function card(page: Page, title: string): Locator {
  return page.getByRole('region', { name: title, exact: true })
}

/** Part of an element that is read: the types of a page's elements are not loaded here. */
type Cell = { dataset: Record<string, string | undefined>; textContent: string | null }

/** The counts below the histogram. Which of the delivered were slow depends on the machine. */
export async function totals(page: Page): Promise<Record<string, number>> {
  const cells = page.getByTestId('totals').locator('dd')
  const counted = await cells.evaluateAll((found) =>
    (found as unknown as Cell[]).map((dd) => [dd.dataset.outcome, dd.textContent]),
  )
  const {
    success = 0,
    slow = 0,
    ...others
  } = Object.fromEntries(counted.map(([outcome, text]) => [outcome, Number(String(text).replaceAll(/\D/g, ''))]))
  return { delivered: success + slow, ...others }
}

/** Publishes messages of this many contacts, one each. @param text what the user writes. */
export function messages(world: TestStack, channel: string, prefix: string, count: number, text?: string): HttpEvent[] {
  return Array.from({ length: count }, (_unused, index) => {
    const event = messageOf({ channel, contactId: `${prefix}-${index}` }, index, world.businessId)
    if (text !== undefined && event.type === 'message') for (const one of event.messages) one.message = text
    return event
  })
}

/** Problems that axe reports and that keep people from using a page: rule and elements. */
export async function seriousFindings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page })
    // The library would open one more page for each analysis, to put together the results of frames, which pages do not have.
    .setLegacyMode()
    .options({ resultTypes: ['violations'] })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
    .analyze()
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`)
}

/** Pixels by which the page is wider than its window, so that a reader would have to scroll sideways. */
export function overflowPx(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - window.innerWidth') as Promise<number>
}

/** Name of the element with the focus: its label or its text. Empty if nothing has the focus. */
export function focusedName(page: Page): Promise<string> {
  return page.evaluate(`(() => {
    const element = document.activeElement
    if (element === null || element === document.body) return ''
    return (element.ariaLabel || element.labels?.[0]?.textContent || element.textContent || element.tagName).trim()
  })()`)
}
