import Type from 'typebox'
import { choice } from '../../domain/api/parts.ts'
import { Draft } from '../../domain/api/webhook.ts'
import { identifier, maskedValue } from '../../domain/definition/definition-values.ts'
import { notificationKinds } from '../../domain/delivery/delivery.ts'
import { sampleNames } from '../../domain/event/samples.ts'

/** Requests for tests and samples. */

const channel = Type.String({ ...identifier, description: 'By default the first of the webhook.' })
const platform = Type.String({ minLength: 1, maxLength: 256, description: 'By default that of the published sample.' })

export const TestBody = Type.Object(
  {
    event: Type.Optional(choice(sampleNames, 'Sample to send; by default the first that the webhook wants.')),
    chatChannelId: Type.Optional(channel),
    chatPlatform: Type.Optional(platform),
    notification: Type.Optional(
      Type.Object(
        { type: choice(notificationKinds) },
        { additionalProperties: true, description: 'Body to send instead of a sample.' },
      ),
    ),
  },
  { additionalProperties: false },
)

export const SampleQuery = Type.Object({
  event: choice(sampleNames, 'Sample to show.'),
  chatChannelId: Type.Optional(channel),
  chatPlatform: Type.Optional(platform),
})

/** Test of a webhook, or of changes, that are not saved. */
export const DraftTestBody = Type.Object(
  {
    ...TestBody.properties,
    definition: {
      ...Draft,
      title: 'TestedDraft',
      description: `As for createWebhook. With the id of a stored one, its secret signs, and "${maskedValue}" stands for its header values.`,
      properties: { ...Draft.properties, id: Type.String({ minLength: 1, maxLength: 100 }) },
    },
  },
  { additionalProperties: false },
)
