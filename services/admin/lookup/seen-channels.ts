import type { SeenChannels } from '../../domain/api/notifications.ts'
import { recordTimeMs } from '../../domain/definition/record-time.ts'
import type { MessageEvent } from '../../domain/event/event.ts'
import { projection } from '../../platform/avro/avro-projection.ts'
import type { Codec } from '../../platform/avro/codec.ts'
import { OrderedDecoder } from '../../platform/avro/ordered-decoder.ts'
import { readSchema } from '../../topics/schemas.ts'
import { topics } from '../../topics/topic-map.ts'
import type { TopicUse } from '../../topics/topic-use.ts'
import type { Reader, TopicSource } from '../records/webhook-records.ts'

/** Fields of a message event that are decoded. */
export type ChannelHead = Pick<MessageEvent, 'businessId' | 'chatChannelId' | 'chatPlatform'>

const headFields = ['businessId', 'chatChannelId', 'chatPlatform'] satisfies (keyof ChannelHead)[]

/** Most records of all businesses that are read: less than a second. */
const mostRecords = 40_000
const maxChannels = 1_000

export function openChannelHeads(codec: Codec, use: TopicUse): TopicSource<ChannelHead> {
  const schema = projection(readSchema(topics.messageEvents), headFields)
  return { topic: use.read(topics.messageEvents), decode: codec.decoder<ChannelHead>(schema) }
}

/**
 * Channels of a business in the newest records of message-events. The work is bounded, however many events there are; a
 * quiet channel of a busy installation may therefore be missing, which searchedBackTo tells.
 */
export async function findSeenChannels(
  reader: Pick<Reader, 'read' | 'ends'>,
  { topic, decode }: TopicSource<ChannelHead>,
  businessId: string,
): Promise<SeenChannels> {
  const ends = await reader.ends(topic)
  const share = Math.max(1, Math.floor(mostRecords / Math.max(1, ends.length)))
  const own = Buffer.from(businessId)
  const seen = new Map<string, { chatPlatform: string; atMs: number }>()
  let searchedBackToMs: number | null = null
  await Promise.all(
    ends.map(async ({ partition, low, high }) => {
      const from = Math.max(low, high - share)
      const decoder = new OrderedDecoder(decode)
      let isFirst = true
      await reader.read(topic, partition, from, high, ({ value, timestampMs }) => {
        const atMs = recordTimeMs(timestampMs)
        if (isFirst && from > low) searchedBackToMs = Math.max(searchedBackToMs ?? 0, atMs)
        isFirst = false
        // Avro keeps texts as they are, so the records of other businesses need not be decoded.
        if (!value?.includes(own)) return
        const take = (head: ChannelHead) => {
          const known = seen.get(head.chatChannelId)
          if (head.businessId !== businessId || (known && known.atMs >= atMs)) return
          if (known || seen.size < maxChannels) seen.set(head.chatChannelId, { chatPlatform: head.chatPlatform, atMs })
        }
        decoder.push(value, take, ignore)
      })
      await decoder.done()
    }),
  )
  const latest = [...seen].sort(([, a], [, b]) => b.atMs - a.atMs)
  return {
    channels: latest.map(([chatChannelId, { chatPlatform, atMs }]) => ({
      chatChannelId,
      chatPlatform,
      lastSeenAt: new Date(atMs).toISOString(),
    })),
    searchedBackTo: searchedBackToMs === null ? null : new Date(searchedBackToMs).toISOString(),
  }
}

/** The formatter has made it a dead letter. */
function ignore(): void {}
