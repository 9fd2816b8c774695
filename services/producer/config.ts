import Type from 'typebox'
import type { ConfigRule } from '../platform/config/config.ts'
import { connectionRules, kafkaVariables, registryVariables } from '../platform/config/connection-variables.ts'
import { authVariables, serviceVariables } from '../platform/config/variables.ts'

const bufferHoldsRequest: ConfigRule<{
  HOOKLINE_PRODUCER_MAX_REQUEST_BYTES: number
  HOOKLINE_PRODUCER_MAX_BUFFERED_BYTES: number
}> = ({ HOOKLINE_PRODUCER_MAX_REQUEST_BYTES: request, HOOKLINE_PRODUCER_MAX_BUFFERED_BYTES: buffered }) =>
  buffered < request
    ? `HOOKLINE_PRODUCER_MAX_BUFFERED_BYTES is ${buffered}; allowed: HOOKLINE_PRODUCER_MAX_REQUEST_BYTES (${request}) and more`
    : null

export const producerConfig = Type.Object(
  {
    ...serviceVariables(8081),
    ...kafkaVariables,
    ...registryVariables,
    ...authVariables,
    HOOKLINE_PRODUCER_MAX_REQUEST_BYTES: Type.Integer({
      default: 4_194_304,
      minimum: 1_024,
      maximum: 268_435_456,
      description: 'largest request body, in bytes; larger ones get 413',
    }),
    HOOKLINE_PRODUCER_MAX_BUFFERED_BYTES: Type.Integer({
      default: 67_108_864,
      minimum: 1_024,
      maximum: 17_179_869_184,
      description:
        'maximum bytes of request bodies being handled and of records that Kafka has not acknowledged; once reached, new requests get 503',
    }),
    HOOKLINE_PRODUCER_ACKNOWLEDGE_TIMEOUT_MS: Type.Integer({
      default: 15_000,
      minimum: 100,
      maximum: 600_000,
      description: "longest wait for Kafka's acknowledgement before a request gets 503, in milliseconds",
    }),
    HOOKLINE_PRODUCER_RECEIVE_TIMEOUT_MS: Type.Integer({
      default: 30_000,
      minimum: 1_000,
      maximum: 600_000,
      description: 'time within which a whole request must arrive, in milliseconds',
    }),
  },
  { rules: [...connectionRules, bufferHoldsRequest] },
)
