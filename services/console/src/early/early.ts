import './early.css'
import { buildUrl } from '../api/build-url.ts'
import type { SessionView, WebhookList } from '../api/generated.ts'
import { loadTexts, readLanguage, type Texts } from '../i18n/texts.ts'
import { pagePath } from '../pages/webhook/page-path.ts'
import { findWebhooks } from '../pages/webhook-list/find.ts'
import { readChoice } from '../pages/webhook-list/list-address.ts'
import { stateTones } from '../parts/states/state-tones.ts'
import { askEarly, listLimit } from './early-answers.ts'

/**
 * First of all, the list of webhooks as plain links: the console itself is 200 KB, which takes a slow phone line five
 * seconds. The console replaces it (main.tsx), and uses the answers that were asked for here.
 */

const shownWebhooks = 20
/** Longest time that the console waits for the list. */
const patienceMs = 2_000

const texts = loadTexts(readLanguage())
const list = askForList()
// The console is loaded after the list, so that they do not share the line.
const patience = new Promise((resolve) => setTimeout(resolve, patienceMs))
void Promise.race([list, patience]).finally(() => import('../main.tsx'))
void Promise.all([list, texts]).then(([webhooks, words]) => webhooks && show(webhooks, words))

async function askForList(): Promise<WebhookList['webhooks'] | null> {
  // A one-time link begins a session.
  if (location.pathname === '/login') return null
  const session = askEarly(buildUrl('getSession', {})) as Promise<SessionView | null>
  const [, named] = /^\/b\/([^/]+)\/webhooks\/?$/.exec(location.pathname) ?? []
  const businessId = named === undefined ? await ownBusiness(session) : decodeURIComponent(named)
  if (businessId === null) return null
  const url = buildUrl('listWebhooks', { path: { businessId }, query: { limit: listLimit } })
  return ((await askEarly(url)) as WebhookList | null)?.webhooks ?? null
}

/** The business whose list the start page leads to; null for another page, or for people with several businesses. */
async function ownBusiness(session: Promise<SessionView | null>): Promise<string | null> {
  if (location.pathname !== '/') return null
  const businessId = (await session)?.businessId ?? '*'
  return businessId === '*' ? null : businessId
}

function show(webhooks: WebhookList['webhooks'], words: Texts): void {
  const main = document.querySelector('#early main')
  const found = findWebhooks(webhooks, readChoice(new URLSearchParams(location.search)))
  const items = found.slice(0, shownWebhooks).map(({ id, businessId, name, url, status }) => {
    const link = element('a', name)
    link.href = pagePath({ businessId, id })
    const state = element('span', words.state[status.state])
    state.dataset.tone = stateTones[status.state]
    const item = element('li')
    item.append(link, state, element('p', url))
    return item
  })
  const rows = element('ul')
  rows.append(...items)
  main?.replaceChildren(element('h1', words.list.title), rows)
}

function element<Name extends keyof HTMLElementTagNameMap>(name: Name, text = ''): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  made.textContent = text
  return made
}
