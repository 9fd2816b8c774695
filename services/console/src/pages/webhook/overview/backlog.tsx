import { useTranslation } from 'react-i18next'
import type { Status, Webhook } from '../../../api/types.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { useNow } from '../../../format/use-now.ts'
import { Figures } from '../../../parts/figures/figures.tsx'
import { Card } from '../../../parts/page/card.tsx'

/** Notifications that have not been delivered: waiting, parked, dead letters. */
export function Backlog({ status }: { webhook: Webhook; status: Status }) {
  const { t } = useTranslation()
  const { ago, count } = useFormats()
  const now = useNow(10_000)
  const known = (n: number | null) => (n === null ? '–' : count(n))
  const { waiting, oldestWaitingAt, parked, undelivered, failures } = status
  const isBlocked = status.state === 'blocked' || status.state === 'probing'
  return (
    <Card title={t('backlog.title')}>
      <Figures
        figures={[
          {
            label: t('backlog.waiting'),
            value: known(waiting),
            help: oldestWaitingAt === null ? undefined : t('backlog.oldest', { time: ago(oldestWaitingAt, now) }),
          },
          { label: t('backlog.parked'), value: known(parked), help: t('backlog.parkedHelp') },
          { label: t('backlog.undelivered'), value: count(undelivered), help: t('backlog.undeliveredHelp') },
          {
            label: t('backlog.failures'),
            value: count(failures),
            help: t(isBlocked ? 'backlog.failuresBlocked' : 'backlog.failuresHelp'),
          },
        ]}
      />
    </Card>
  )
}
