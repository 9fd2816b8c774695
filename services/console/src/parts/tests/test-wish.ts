import { type SampleName, samplesFor } from '../../../../domain/event/samples.ts'
import type { SampleWish, SeenChannels, TestWish, WantedEvents } from '../../api/types.ts'
import { readable } from '../../format/format.ts'

/** Choice of what a test sends. Empty texts stand for the defaults. */
export type TestChoice = {
  event: SampleName | ''
  chatChannelId: string
  chatPlatform: string
  /** JSON that takes the place of the sample; null while the sample is sent. */
  edited: string | null
}

export const noChoice: TestChoice = { event: '', chatChannelId: '', chatPlatform: '', edited: null }

/** The sample that is sent: what the webhook no longer receives gives way to what it does. */
export function chooseSample({ event }: Pick<TestChoice, 'event'>, events: WantedEvents): SampleName {
  const offered = samplesFor(events)
  return offered.find((one) => one === event) ?? offered[0] ?? 'userMessages'
}

/** @returns null for a text that is not the JSON of a notification. */
export function parseNotification(text: string): TestWish['notification'] | null {
  try {
    const parsed: unknown = JSON.parse(text)
    const { type } = Object(parsed) as { type?: unknown }
    const isNotification = !Array.isArray(parsed) && (type === 'message' || type === 'status')
    return isNotification ? (parsed as NonNullable<TestWish['notification']>) : null
  } catch (_notJson) {
    return null
  }
}

export type TestedWebhook = { events: WantedEvents; channels: readonly string[] }

/** The sample to show: of a channel of the webhook, on the platform that the channel was seen on. */
export function toSampleWish(
  choice: TestChoice,
  { events, channels }: TestedWebhook,
  seen: SeenChannels | undefined,
): SampleWish {
  const chatChannelId = channels.includes(choice.chatChannelId) ? choice.chatChannelId : channels[0]
  const known = seen?.channels.find((one) => one.chatChannelId === chatChannelId)
  const chatPlatform = choice.chatPlatform || known?.chatPlatform
  return {
    event: chooseSample(choice, events),
    ...(chatChannelId !== undefined && { chatChannelId }),
    ...(chatPlatform !== undefined && { chatPlatform }),
  }
}

/** The request for the API. @returns null while the JSON is not that of a notification. */
export function toTestWish(
  choice: TestChoice,
  webhook: TestedWebhook,
  seen: SeenChannels | undefined,
): TestWish | null {
  if (choice.edited === null) return toSampleWish(choice, webhook, seen)
  const notification = parseNotification(choice.edited)
  return notification ? { notification } : null
}

/** Text for the editor. */
export function toEditorText(notification: object): string {
  return readable(JSON.stringify(notification))
}
