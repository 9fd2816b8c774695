import { Button, List, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { alertsQuery } from '../../../api/queries.ts'
import { useApi } from '../../../api/session.tsx'
import type { AlertEntry, Webhook } from '../../../api/types.ts'
import { Time } from '../../../parts/figures/time.tsx'
import { Card } from '../../../parts/page/card.tsx'
import { useCauseText } from '../../../parts/texts/cause-text.ts'

const shownAtFirst = 5
const minuteMs = 60_000

/** Alerts that the owner of the webhook was sent, newest first. Absent while there are none. */
export function Alerts({ webhook: { businessId, id } }: { webhook: Webhook }) {
  const { t } = useTranslation()
  const { data } = useQuery(alertsQuery(useApi(), businessId, id))
  const [isWhole, setWhole] = useState(false)
  const alerts = data?.alerts ?? []
  if (alerts.length === 0) return null
  const shown = isWhole ? alerts : alerts.slice(0, shownAtFirst)
  return (
    <Card title={t('alerts.latest')}>
      <List size="sm" listStyleType="none" spacing={4}>
        {shown.map((alert) => (
          <List.Item key={alert.alertId}>
            <Time at={alert.at} /> <Told alert={alert} />
          </List.Item>
        ))}
      </List>
      {alerts.length > shown.length && (
        <Button mt="sm" size="xs" variant="default" onClick={() => setWhole(true)}>
          {t('more')}
        </Button>
      )}
    </Card>
  )
}

function Told({ alert: { kind, status, cause, waitedMs, since, at } }: { alert: AlertEntry }) {
  const { t } = useTranslation()
  const causeText = useCauseText()
  const why = status ?? cause
  const minutes = (ms: number) => t('alerts.minutes', { count: Math.max(1, Math.round(ms / minuteMs)) })
  return (
    <>
      <Text span size="sm" fw={600}>
        {t(`alerts.kinds.${kind}`)}
      </Text>
      {why !== null && <> · {causeText(why)}</>}
      {waitedMs !== null && <> · {minutes(waitedMs)}</>}
      {since !== null && <> · {t('alerts.lasted', { time: minutes(Date.parse(at) - Date.parse(since)) })}</>}
    </>
  )
}
