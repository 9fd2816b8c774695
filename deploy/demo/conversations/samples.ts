import type { Conversation } from './conversation.ts'
import { english } from './samples-english.ts'
import { portuguese } from './samples-portuguese.ts'
import { spanish } from './samples-spanish.ts'

/** Every sample conversation. All people, numbers and shops in them are fictional. */
export const samples: Conversation[] = [...spanish, ...portuguese, ...english]
