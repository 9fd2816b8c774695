/** A channel that another webhook of the business has. */
export const conflict = {
  type: 'object',
  required: ['channel', 'webhookId', 'name'],
  properties: { channel: { type: 'string' }, webhookId: { type: 'string' }, name: { type: 'string' } },
}
