import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { channelsQuery } from '../../api/queries.ts'
import { useApi } from '../../api/session.tsx'
import type { SampleWish, TestWish } from '../../api/types.ts'
import { noChoice, type TestChoice, type TestedWebhook, toSampleWish, toTestWish } from './test-wish.ts'

export type TestChoosing = {
  choice: TestChoice
  choose: (choice: TestChoice) => void
  /** The sample that is shown. */
  sample: SampleWish
  /** Request for the API; null while the JSON is not that of a notification. */
  wish: TestWish | null
}

/** State of the choice of what a test sends. */
export function useTestChoice(businessId: string, webhook: TestedWebhook): TestChoosing {
  const [choice, choose] = useState(noChoice)
  const { data: seen } = useQuery(channelsQuery(useApi(), businessId))
  return { choice, choose, sample: toSampleWish(choice, webhook, seen), wish: toTestWish(choice, webhook, seen) }
}
