import { expect, test } from 'vitest'
import { browser, open, page, world } from './admin-stack.ts'
import { overflowPx, seriousFindings } from './steps.ts'

// A customer enters how Hookline and its endpoint recognise each other.

test('credentials that are entered in the form are stored, and are shown masked afterwards', async () => {
  const { id } = await world.defineWebhook('/bank', ['bank'], { name: 'Bank' })
  await open(`webhooks/${id}/edit`)
  await page.getByRole('checkbox', { name: 'Public key (v1a)' }).check()
  await page.getByText('Certificates', { exact: true }).click()
  await page.getByText('OAuth 2.0', { exact: true }).click()
  await page.getByLabel('Token URL').fill('https://login.example/token')
  await page.getByLabel('Client ID').fill('hookline')
  await page.getByLabel('Client secret').fill('letmein')
  await page.getByLabel('Client certificate (PEM)').fill('no certificate')
  expect(await seriousFindings(page)).toEqual([])
  expect(await overflowPx(page)).toBe(0)
  await browser.shoot(page, 'trust')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('A client certificate and its private key go together.').waitFor()
  await page.getByLabel('Client certificate (PEM)').fill('')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved. The changes are in effect.').waitFor()
  const shown = await world.admin.http
    .get(`businesses/${world.businessId}/webhooks/${id}`)
    .json<{ signatures: string[]; oauth2: object; tls?: object }>()
  expect(shown.signatures).toEqual(['v1', 'v1a'])
  expect(shown.oauth2).toEqual({ tokenUrl: 'https://login.example/token', clientId: 'hookline', clientSecret: '***' })
  expect(shown.tls).toBeUndefined()
})
