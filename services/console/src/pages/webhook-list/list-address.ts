import { type ListChoice, orders, states } from './find.ts'

/** Reads the choice from the page's address. The search text is `text`, because the header's search for messages has `q`. */
export function readChoice(params: URLSearchParams): ListChoice {
  const [, sign = '', name = ''] = /^(-?)(.*)$/.exec(params.get('order') ?? '') ?? []
  return {
    text: params.get('text') ?? '',
    state: states.find((one) => one === params.get('state')) ?? null,
    order: orders.find((one) => one === name) ?? 'problems',
    isReversed: sign === '-',
  }
}

/** Parameters of the page's address: only those that differ from the list as it is opened, so that addresses stay short. */
export function writeChoice({ text, state, order, isReversed }: ListChoice): Record<string, string> {
  const sorted = `${isReversed ? '-' : ''}${order}`
  return {
    ...(text !== '' && { text }),
    ...(state !== null && { state }),
    ...(sorted !== 'problems' && { order: sorted }),
  }
}
