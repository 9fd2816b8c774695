import { expect, test } from 'vitest'
import { dispatcherConfig, toEngineLimits } from '../../../services/dispatcher/config.ts'
import { loadConfig } from '../../../services/platform/config/config.ts'

test('by default, three slow webhooks with full shares of memory leave room for the others', () => {
  const env = { HOOKLINE_KEY_RING: `test=${Buffer.alloc(32).toString('base64')}` }
  const topics = { deliveries: 'webhook-deliveries', replays: 'webhook-replays', parked: { topic: 'webhook-parked' } }
  const { maxHeld, maxQueuedOfWebhook } = toEngineLimits(loadConfig(dispatcherConfig, env), topics)
  expect(maxHeld - 3 * maxQueuedOfWebhook).toBeGreaterThanOrEqual(400)
})
