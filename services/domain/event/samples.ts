import type { WantedEvents } from '../definition/definition.ts'
import type { EventName } from '../definition/definition-values.ts'

/**
 * Sample notifications of the console and of tests: each kind of event, and two forms of a user's message. Each is made of a
 * published sample (schemas/notifications/samples), whose name it has here. @property wanted what a webhook selects to get it.
 */
export const samples = {
  userMessages: { file: 'webchat-all-authors', wanted: 'userMessages' },
  attachment: { file: 'whatsapp-image-with-caption', wanted: 'userMessages' },
  button: { file: 'whatsapp-template-button', wanted: 'userMessages' },
  botMessages: { file: 'webchat-all-authors', wanted: 'botMessages' },
  operatorMessages: { file: 'webchat-all-authors', wanted: 'operatorMessages' },
  deliveredStatus: { file: 'status-delivered-whatsapp-with-payload', wanted: 'deliveredStatus' },
  readStatus: { file: 'status-read-webchat', wanted: 'readStatus' },
  variableChanges: { file: 'only-variables', wanted: 'variableChanges' },
} as const satisfies Record<string, { file: string; wanted: EventName }>

export type SampleName = keyof typeof samples
export const sampleNames = Object.keys(samples) as [SampleName, ...SampleName[]]

/** Samples of what a webhook receives; a user's message if it receives nothing. */
export function samplesFor(events: WantedEvents): SampleName[] {
  const wanted = sampleNames.filter((name) => events[samples[name].wanted])
  return wanted.length > 0 ? wanted : ['userMessages']
}
