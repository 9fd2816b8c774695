import { beforeAll, expect, test } from 'vitest'
import { phone } from '../support/browser.ts'
import { measureFirstPage } from '../support/first-page.ts'
import { browser, button, open, orders, page, world } from './admin-stack.ts'
import { closeDialog, focusedName, overflowPx, pathOf, seriousFindings, signIn } from './steps.ts'

// Getting about with the keyboard, by address and by Back.

const patience = { timeout: 60_000 }

beforeAll(async () => {
  await world.defineWebhook('/archive', ['archive'], { name: 'Archive 10' })
  await world.defineWebhook('/archive9', ['archive-9'], { name: 'Archive 9', enabled: false })
})

const focused = (name: string | RegExp) => expect.poll(() => focusedName(page), patience).toMatch(name)
const names = () =>
  page
    .getByRole('main')
    .getByRole('link', { name: /^(Orders|Archive)/ })
    .allTextContents()

const everyPage = () => {
  const tabs = ['', '/attempts', '/settings', '/edit'].map((tab) => orders.id + tab)
  const webhooks = ['', '?view=table', '/new', ...tabs.map((tab) => `/${tab}`)].map((rest) => `webhooks${rest}`)
  return [...webhooks, 'webhooks/unknown', 'account', 'audit', 'find?q=0212', 'contacts/0212', 'nowhere']
}

test('Tab begins at the link to the content and goes on to the navigation, on every page', async () => {
  for (const rest of everyPage()) {
    await open(rest)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' })
    const reached: string[] = []
    for (let count = 0; count < 3; count++) {
      await page.keyboard.press('Tab')
      reached.push(await focusedName(page))
    }
    expect(reached, rest).toEqual(['Skip to content', 'Hookline', 'Webhooks'])
    // The other pages are checked in console.test.ts.
    if (/view=table|unknown|find|contacts|nowhere/.test(rest)) expect(await seriousFindings(page), rest).toEqual([])
  }
})

test("the focus goes to a page's heading when the page is opened from another one", async () => {
  await open('webhooks')
  for (const [link, heading] of [
    ['Account', 'Account'],
    ['Audit log', 'Audit log'],
    ['Webhooks', 'Webhooks'],
    ['Orders', 'Orders'],
    ['Edit', 'Edit Orders'],
    ['Cancel', 'Orders'],
  ] as const) {
    await page.getByRole('link', { name: link, exact: true }).press('Enter')
    await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor()
    await focused(heading)
  }
  await page.goBack()
  await focused('Edit Orders')
  await page.goBack()
  await focused('Orders')
  await page.getByRole('tab', { name: 'Overview' }).focus()
  for (const tab of ['Attempts', 'Error log', 'Undelivered', 'Resends', 'Settings']) {
    await page.keyboard.press('ArrowRight')
    await page.getByRole('tab', { name: tab, selected: true }).waitFor()
    await focused(tab)
  }
})

test('the focus returns to where a dialog was opened, also from a menu', async () => {
  await open(`webhooks/${orders.id}`)
  for (const item of ['Pause', 'Rotate secret', 'Delete']) {
    await button('More actions').press('Enter')
    await page.getByRole('menuitem', { name: item }).press('Enter')
    await page.getByRole('dialog').waitFor()
    // Escape closes only the menu until then.
    await focused('Cancel')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await focused('More actions')
  }
  await page.getByRole('switch').press(' ')
  await closeDialog(page)
  await focused('Switch the webhook on or off')
  await button('Test webhook').press('Enter')
  await closeDialog(page)
  await focused('Test webhook')
})

test('the focus stays near what was removed or replaced', async () => {
  await open('webhooks/new')
  for (let count = 0; count < 2; count++) {
    await button('Add header').press('Enter')
    await focused(/^Header/)
    await page.keyboard.type(`X-${count}`)
  }
  await button('Remove header').last().press('Enter')
  await focused(/^Header/)
  await button('Remove header').press('Enter')
  await focused('Add header')

  await signIn(page, world, { businessId: `${world.businessId}-new` })
  await page.getByRole('link', { name: 'Account', exact: true }).click()
  await button('Activate webhooks').press('Enter')
  await page.getByText('Last changed by').waitFor()
  await focused('Deactivate webhooks')
  await signIn(page, world)
})

test('a refused form moves the focus to its first mistake at once, whoever has found it', async () => {
  await open('webhooks/new')
  const create = button('Create')
  await create.scrollIntoViewIfNeeded()
  await create.press('Enter')
  await focused(/^Name/)
  await page.getByRole('status').getByText('2 fields need attention.').waitFor()
  await browser.shoot(page, 'first-refusal')
  await page.getByLabel('Name').fill('Refused')
  await page.getByRole('textbox', { name: 'URL', exact: true }).fill('https://user:secret@shop.example/hooks')
  await create.press('Enter')
  await focused(/^URL/)
  await page.getByText('1 field needs attention.').waitFor()
  await page.getByRole('textbox', { name: 'URL', exact: true }).fill('https://shop.example/hooks')
  await page.getByRole('combobox', { name: 'Channels' }).fill('orders')
  await page.getByRole('combobox', { name: 'Channels' }).press('Enter')
  await create.press('Enter')
  await focused(/^Channels/)
  await page.getByRole('textbox', { name: 'URL', exact: true }).fill('')
  await button('Send test').press('Enter')
  await focused(/^URL/)
  await page.getByRole('link', { name: 'Cancel' }).click()
})

test('a refused alert address is named below its field, in the language of the page and with enough contrast', async () => {
  for (const [language, mails, save, refused] of [
    ['es', 'Correos electrónicos', 'Guardar', 'nobody: No tiene el formato esperado.'],
    ['pt', 'E-mails', 'Salvar', 'nobody: Não está no formato esperado.'],
    ['en', 'Mail addresses', 'Save', 'nobody: Is not in the expected format.'],
  ] as const) {
    await page.evaluate((chosen) => localStorage.setItem('hookline-language', chosen), language)
    await open('account')
    const field = page.getByRole('combobox', { name: mails })
    for (const address of ['ops@bakery.example', 'nobody']) {
      await field.fill(address)
      await field.press('Enter')
    }
    await button(save).click()
    await page.getByText(refused).waitFor()
    // The pointer is on the button, and a message is in view.
    expect(await seriousFindings(page)).toEqual([])
    await browser.shoot(page, `account-refused-${language}`)
  }
})

test("the list's search, state, order and view are in its address, and Back restores them", async () => {
  await open('webhooks')
  await page.getByRole('textbox', { name: 'Search' }).fill('archive')
  await expect.poll(names).toEqual(['Archive 10', 'Archive 9'])
  const byState = page.getByRole('group', { name: 'Filter by state' })
  expect((await byState.getByRole('button').allTextContents()).map((text) => text.replace(/\s+/g, ' '))).toEqual([
    'All 2',
    expect.stringMatching(/ 1$/),
    expect.stringMatching(/^Off 1$/),
  ])
  await page.getByLabel('Sort by').selectOption('name')
  await expect.poll(names).toEqual(['Archive 9', 'Archive 10'])
  await button('Table').click()
  await page.getByRole('columnheader', { name: 'Name', exact: true }).getByRole('button').click()
  await expect.poll(names).toEqual(['Archive 10', 'Archive 9'])
  expect(await page.getByRole('columnheader', { name: 'Name', exact: true }).getAttribute('aria-sort')).toBe(
    'descending',
  )
  for (const column of ['State', 'Success, last hour', 'p95, 30 min', 'Undelivered', 'Latest attempt']) {
    const heading = page.getByRole('columnheader', { name: column, exact: true })
    await heading.getByRole('button').click()
    await expect.poll(() => heading.getAttribute('aria-sort')).toMatch(/ascending|descending/)
  }
  await page.getByRole('columnheader', { name: 'Name', exact: true }).getByRole('button').click()
  await page.getByRole('columnheader', { name: 'Name', exact: true }).getByRole('button').click()
  await browser.shoot(page, 'list-table')
  const address = page.url()
  expect(Object.fromEntries(new URL(address).searchParams)).toEqual({
    text: 'archive',
    order: '-name',
    view: 'table',
  })
  await page.getByRole('link', { name: 'Archive 9' }).click()
  await page.getByRole('heading', { level: 1, name: 'Archive 9' }).waitFor()
  await page.goBack()
  await expect.poll(names).toEqual(['Archive 10', 'Archive 9'])
  expect(page.url()).toBe(address)
  expect(await page.getByRole('textbox', { name: 'Search' }).inputValue()).toBe('archive')

  const other = await browser.page()
  await signIn(other, world)
  await other.goto(address)
  await other.getByRole('table').getByRole('link', { name: 'Archive 9' }).waitFor()
  await other.context().close()
  await button('Cards').click()
  await byState.getByRole('button', { name: /^Off/ }).click()
  await expect.poll(names).toEqual(['Archive 9'])
  expect(new URL(page.url()).searchParams.get('state')).toBe('off')
})

test('"/" and Ctrl+K go to the search from every page, but not from a field', async () => {
  for (const rest of ['webhooks', 'account', 'webhooks/new']) {
    await open(rest)
    for (const key of ['/', 'Control+k']) {
      await page.getByRole('heading', { level: 1 }).click()
      await page.keyboard.press(key)
      await focused('Find messages')
    }
  }
  await page.getByLabel('Name').fill('')
  await page.getByLabel('Name').press('/')
  await focused(/^Name/)
  await page.getByRole('link', { name: 'Cancel' }).click()
})

test('somebody who may only read is told so where a webhook would be created or changed', async () => {
  const reader = await browser.page()
  await signIn(reader, world, { role: 'analyst', permissions: ['webhooks:read'] })
  for (const rest of ['webhooks/new', `webhooks/${orders.id}/edit`]) {
    await open(rest, reader)
    await reader.getByText('You do not have permission for this. Ask your administrator.').waitFor()
    expect(await reader.getByRole('textbox', { name: 'URL', exact: true }).count()).toBe(0)
  }
  await reader.context().close()
})

test('the URL and the id of a webhook can be copied', async () => {
  const copying = await browser.page({ permissions: ['clipboard-read', 'clipboard-write'] })
  await signIn(copying, world)
  await open(`webhooks/${orders.id}/settings`, copying)
  await copying.getByRole('banner').waitFor()
  for (const [name, text] of [
    ['Copy: URL', orders.url],
    ['Copy: ID', orders.id],
  ] as const) {
    await button(name, copying).first().click()
    await expect.poll(() => copying.evaluate('navigator.clipboard.readText()')).toBe(text)
  }
  await copying.context().close()
})

test('contrast themes leave switches, tabs and pressed filters visible', async () => {
  const contrast = await browser.page({ forcedColors: 'active', viewport: phone })
  await signIn(contrast, world)
  await browser.shoot(contrast, 'contrast-list')
  const widthOf = (selector: string, property: string) =>
    contrast.evaluate(`parseFloat(getComputedStyle(document.querySelector('${selector}'))['${property}'])`)
  expect(await widthOf('[aria-pressed=true]', 'outlineWidth')).toBe(2)
  expect(await widthOf('[data-tone]', 'borderTopWidth')).toBeGreaterThan(0)
  await open(`webhooks/${orders.id}`, contrast)
  await contrast.getByRole('tab', { name: 'Overview' }).waitFor()
  expect(await widthOf('[role=tab][aria-selected=true]', 'outlineWidth')).toBe(2)
  expect(await widthOf('.mantine-Switch-track', 'borderTopWidth')).toBe(1)
  await contrast.getByTestId('totals').waitFor()
  await browser.shoot(contrast, 'contrast-webhook')
  expect(await overflowPx(contrast)).toBe(0)
  await contrast.context().close()
})

test('the first page takes at most 250 KB over the wire', async () => {
  const fresh = await browser.page()
  await fresh.context().addCookies(await page.context().cookies())
  const { bytes, requests, firstWebhookMs } = await measureFirstPage(fresh, pathOf(world, 'webhooks'), 'Orders', null)
  process.stdout.write(
    `the first page: ${bytes} bytes, ${requests} requests, first webhook after ${firstWebhookMs} ms\n`,
  )
  expect(bytes).toBeLessThanOrEqual(250_000)
  await fresh.context().close()
})
