import type { Channel } from './conversation.ts'

/** The channels of the sample business, a bakery. */
export const channels = {
  whatsapp: { id: 'whatsapp-orders', platform: 'whatsapp', whatsappNumber: '5491155550100' },
  webchat: { id: 'webchat-shop', platform: 'webchat' },
  messenger: { id: 'messenger-page', platform: 'messenger' },
  telegram: { id: 'telegram-bot', platform: 'telegram' },
} as const satisfies Record<string, Channel>

/** Webhooks of the business: name, path at the sample receiver, connected channels. */
export const webhooks: { name: string; path: string; channels: Channel[] }[] = [
  { name: 'Orders by WhatsApp', path: '/orders', channels: [channels.whatsapp] },
  { name: 'Web shop and Facebook page', path: '/web', channels: [channels.webchat, channels.messenger] },
  { name: 'Telegram', path: '/telegram', channels: [channels.telegram] },
]
