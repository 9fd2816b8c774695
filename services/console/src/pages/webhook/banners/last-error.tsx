import { Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { firstLine } from '../../../../../domain/delivery/first-line.ts'
import { errorsQuery } from '../../../api/queries.ts'
import { useApi } from '../../../api/session.tsx'
import type { Webhook } from '../../../api/types.ts'
import { Time } from '../../../parts/figures/time.tsx'
import { useCauseText } from '../../../parts/texts/cause-text.ts'

/** The latest error in one line: what the server answered, and when. Absent while there is none. */
export function LastError({ webhook: { businessId, id } }: { webhook: Webhook }) {
  const { t } = useTranslation()
  const causeText = useCauseText()
  const { data } = useQuery(errorsQuery(useApi(), businessId, id))
  const latest = data?.errors[0]
  if (!latest) return null
  const line = firstLine(latest.excerpt)
  return (
    <Text size="sm" truncate>
      {t('blocked.lastError')} <Time at={latest.at} /> · <b>{causeText(latest.status ?? latest.cause)}</b>
      {line !== null && ` · ${line}`}
    </Text>
  )
}
