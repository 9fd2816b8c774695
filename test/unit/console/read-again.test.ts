import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { expect, test } from 'vitest'
import { keys } from '../../../services/console/src/api/keys.ts'
import { createReadAgain } from '../../../services/console/src/api/stream/read-again.ts'
import { isAnnounced } from '../../../services/console/src/api/stream/staleness.ts'

/** A page that shows a query, whose requests the test answers. */
function openPage() {
  const queries = new QueryClient({ defaultOptions: { queries: { networkMode: 'always', retry: false } } })
  const requests: PromiseWithResolvers<string>[] = []
  const queryFn = () => {
    const request = Promise.withResolvers<string>()
    requests.push(request)
    return request.promise
  }
  const queryKey = keys.webhooks('bakery')
  const observer = new QueryObserver(queries, { queryKey, queryFn })
  observer.subscribe(() => undefined)
  const settle = () => new Promise((resolve) => setTimeout(resolve))
  return {
    readAgain: createReadAgain(queries),
    requests,
    shown: () => observer.getCurrentResult().data,
    async answer(number: number, text: string) {
      requests[number - 1]?.resolve(text)
      await settle()
    },
    async refuse(number: number) {
      requests[number - 1]?.reject(new Error('away'))
      await settle()
    },
  }
}

test('a query whose first answer is on its way at a change shows it, and is read again once, however many changes there were', async () => {
  const { readAgain, requests, shown, answer } = openPage()
  readAgain({})
  readAgain({ queryKey: ['webhooks'] })
  expect(requests).toHaveLength(1)
  await answer(1, 'before the change')
  expect(shown()).toBe('before the change')
  expect(requests).toHaveLength(2)
  await answer(2, 'after the change')
  expect(shown()).toBe('after the change')
  expect(requests).toHaveLength(2)
})

test('a query that is read again when a change comes asks anew at once, and the older answer is not shown', async () => {
  const { readAgain, requests, shown, answer } = openPage()
  await answer(1, 'first')
  readAgain({})
  readAgain({})
  expect(requests).toHaveLength(3)
  await answer(2, 'before the change')
  await answer(3, 'after the change')
  expect(shown()).toBe('after the change')
})

test('a query without a change is not read again, nor is one at once whose first request fails', async () => {
  const { readAgain, requests, answer } = openPage()
  readAgain({ queryKey: ['account'] })
  readAgain({ queryKey: keys.webhooks('butcher') })
  await answer(1, 'first')
  expect(requests).toHaveLength(1)

  const failing = openPage()
  failing.readAgain({})
  await failing.refuse(1)
  expect(failing.requests).toHaveLength(1)
})

test('the first opening of the stream concerns what changes are announced for, not what is read once', () => {
  expect(isAnnounced(keys.webhooks('bakery'))).toBe(true)
  expect(isAnnounced([...keys.audit('bakery'), {}])).toBe(true)
  expect(isAnnounced(keys.attempts('bakery', 'wh_1'))).toBe(true)
  expect(isAnnounced(keys.sample('bakery'))).toBe(false)
  expect(isAnnounced(keys.attempt('bakery', 'wh_1', 'at_1'))).toBe(false)
})
