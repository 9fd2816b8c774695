import Type from 'typebox'
import { NotificationPage, NotificationStory, SeenChannels } from '../../domain/api/notifications.ts'
import { time } from '../../domain/api/parts.ts'
import { type ApiRoute, route } from '../http/route.ts'
import { BusinessParams } from '../http/shapes.ts'
import type { LookupActions } from './lookup-actions.ts'

const url = '/api/v1/businesses/:businessId/notifications'
const reading = { method: 'GET', permission: 'webhooks:read' } as const
const tags = ['notifications']

/** Default and maximum entries of a page; each event is held in memory while its fate is searched. */
export const defaultFound = 20
const maxFound = 50

export const LookupParams = Type.Object({
  q: Type.String({
    minLength: 2,
    maxLength: 200,
    description:
      "A contact: the whole id, or at least three digits at its end. Or the id of a message or an event, a webhook-id, a client payload, or a part of a text or of the contact's name, whatever its case and accents. Without webhooks:bodies neither payloads nor texts nor names are searched, and of a contact only the whole id, or the digits that are shown.",
  }),
  since: Type.Optional(time('Only events published at this time or later; seven days ago when left out.')),
  until: Type.Optional(time('Only events published before this time.')),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: maxFound, default: defaultFound, description: 'Maximum entries in a page.' }),
  ),
  cursor: Type.Optional(Type.String({ maxLength: 500, description: 'nextCursor of the previous page.' })),
})

export const NotificationParams = Type.Object({
  ...BusinessParams.properties,
  notificationId: Type.String({ minLength: 1, maxLength: 200, description: 'id of a notification in the list.' }),
})

/** Routes that return what became of any message, status or contact (contract.md, 1.14). */
export function lookupRoutes(actions: LookupActions): ApiRoute[] {
  return [
    route({
      ...reading,
      operationId: 'findNotifications',
      url,
      schema: {
        tags,
        summary: 'Look up what became of messages and statuses, newest first',
        description:
          'Searches the events of the last seven days over all webhooks. An event that caused no notification is listed ' +
          'with the reason. A page searches a limited number of records and may be short or empty: searchedBackTo says how far ' +
          'back it has come; follow nextCursor until it is absent.',
        params: BusinessParams,
        querystring: LookupParams,
        answers: { 200: { description: 'One page.', schema: NotificationPage } },
        failures: [400, 429, 504],
      },
      handle: (call) => actions.find(call),
    }),
    route({
      ...reading,
      operationId: 'getNotification',
      url: `${url}/:notificationId`,
      schema: {
        tags,
        summary: 'One notification, from its event to its outcome',
        params: NotificationParams,
        answers: { 200: { description: 'The notification.', schema: NotificationStory } },
        failures: [404, 429, 504],
      },
      handle: (call) => actions.one(call),
    }),
    route({
      ...reading,
      operationId: 'listSeenChannels',
      url: '/api/v1/businesses/:businessId/channels',
      schema: {
        tags,
        summary: 'Channels that have had messages lately, latest first',
        description:
          'Read from the newest 40,000 records of message-events, those of all businesses: searchedBackTo says how far back ' +
          'they reach.',
        params: BusinessParams,
        answers: { 200: { description: 'The channels.', schema: SeenChannels } },
        failures: [429, 504],
      },
      handle: (call) => actions.channels(call),
    }),
  ]
}
