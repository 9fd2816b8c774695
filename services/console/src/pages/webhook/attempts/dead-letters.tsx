import { Button, Checkbox, Group, Text } from '@mantine/core'
import { IconMailCheck } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { deadLetterPages } from '../../../api/queries.ts'
import { useApi, useMay } from '../../../api/session.tsx'
import type { Webhook } from '../../../api/types.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { HeldRows } from '../../../parts/lists/held-rows.tsx'
import { useHeldList } from '../../../parts/lists/use-held-list.ts'
import { Empty } from '../../../parts/page/empty.tsx'
import { Failure } from '../../../parts/page/failure.tsx'
import { PageSkeleton } from '../../../parts/page/page-skeleton.tsx'
import { ReplayDialog } from '../replays/replay-dialog.tsx'
import { ReplayButtons } from '../replays/replays.tsx'
import { useResendObstacle } from '../use-resend-obstacle.ts'
import { DeadLetterTable } from './dead-letter-table.tsx'
import { ExportMenu } from './export-menu.tsx'
import { toKey, toShown } from './shown-letters.ts'

type Props = { webhook: Webhook; undelivered: number }

/** Notifications that were given up, with the reasons. They can be resent. @param undelivered those not delivered since. */
export default function DeadLetters({ webhook, undelivered }: Props) {
  const { t } = useTranslation()
  const mayWrite = useMay('webhooks:write')
  const obstacle = useResendObstacle(webhook)
  const { count } = useFormats()
  const [isWhole, setWhole] = useState(false)
  const [selected, setSelected] = useState<string[]>([])
  const [sending, setSending] = useState<string[] | null>(null)
  const source = deadLetterPages(useApi(), webhook.businessId, webhook.id)
  // Rows that are ticked, or about to be sent again, stay where they are.
  const list = useHeldList(source, ({ deadLetters }) => deadLetters, toKey, selected.length > 0 || sending !== null)
  const letters = list.items
  if (!letters)
    return list.error === null ? <PageSkeleton rows={[200]} /> : <Failure error={list.error} onRetry={list.retry} />
  if (letters.length === 0 && !list.hasOlder)
    return <Empty icon={<IconMailCheck size={40} aria-hidden />} title={t('dead.empty')} text={t('dead.emptyText')} />
  const shown = toShown(letters, isWhole)
  // A notification that was delivered meanwhile cannot be chosen any more.
  const chosen = selected.filter((id) => shown.some((one) => one.deliveryId === id && one.deliveredAt === null))
  return (
    <>
      <Group justify="space-between" mb="md">
        <Text size="sm" c="dimmed" maw={560}>
          {t('dead.text')} <b>{t('dead.left', { count: undelivered, n: count(undelivered) })}</b>
        </Text>
        <Group gap="sm">
          <ExportMenu webhook={webhook} operation="exportDeadLetters" />
          {mayWrite && <ReplayButtons webhook={webhook} kinds={['deadLetters']} />}
        </Group>
      </Group>
      <Group justify="space-between" mb="md" mih={36}>
        <Checkbox label={t('dead.all')} checked={isWhole} onChange={(event) => setWhole(event.currentTarget.checked)} />
        {chosen.length > 0 && (
          <Button disabled={obstacle !== null} onClick={() => setSending(chosen)}>
            {t('dead.resendSelected', { count: chosen.length, n: count(chosen.length) })}
          </Button>
        )}
      </Group>
      <HeldRows list={list}>
        {shown.length === 0 ? (
          <Empty
            icon={<IconMailCheck size={40} aria-hidden />}
            title={t('dead.noneLeft')}
            text={t('dead.noneLeftText')}
          />
        ) : (
          <DeadLetterTable
            webhook={webhook}
            letters={shown}
            selection={mayWrite && obstacle === null ? { chosen, onChoose: setSelected, onSend: setSending } : null}
          />
        )}
      </HeldRows>
      {sending && (
        <ReplayDialog
          webhook={webhook}
          kind="deadLetters"
          chosen={sending}
          onStarted={() => setSelected([])}
          onClose={() => setSending(null)}
        />
      )}
    </>
  )
}
