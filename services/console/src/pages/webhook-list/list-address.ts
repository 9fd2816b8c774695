import { type ListChoice, orders, states } from './find.ts'

/** The search text's name differs from that of the header's search, whose `q` is for messages. */
export function readChoice(params: URLSearchParams): ListChoice {
  const [, sign = '', name = ''] = /^(-?)(.*)$/.exec(params.get('order') ?? '') ?? []
  return {
    text: params.get('text') ?? '',
    state: states.find((one) => one === params.get('state')) ?? null,
    order: orders.find((one) => one === name) ?? 'problems',
    isReversed: sign === '-',
  }
}

/** Only what differs from the list as it is opened, so that addresses stay short. */
export function writeChoice({ text, state, order, isReversed }: ListChoice): Record<string, string> {
  const sorted = `${isReversed ? '-' : ''}${order}`
  return {
    ...(text !== '' && { text }),
    ...(state !== null && { state }),
    ...(sorted !== 'problems' && { order: sorted }),
  }
}
