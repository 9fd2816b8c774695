import { Button, Checkbox, Table, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { ListedDeadLetter, Webhook } from '../../../api/types.ts'
import { DataTable } from '../../../parts/figures/data-table.tsx'
import tableClasses from '../../../parts/figures/table.module.css'
import { Time } from '../../../parts/figures/time.tsx'
import { attemptsPath } from './attempts-path.ts'
import { toKey } from './shown-letters.ts'

type Selection = {
  /** webhook-ids of the rows that are ticked. */
  chosen: string[]
  onChoose: (ids: string[]) => void
  onSend: (ids: string[]) => void
}

type Props = { webhook: Webhook; letters: ListedDeadLetter[]; selection: Selection | null }

/** Rows of notifications that were given up. @param selection null if they cannot be resent now. */
export function DeadLetterTable({ webhook, letters, selection }: Props) {
  const { t } = useTranslation()
  const columns = [
    t('attempts.at'),
    t('dead.reason'),
    t('attempts.contact'),
    t('attempts.kind'),
    t('dead.attempts'),
    ...(selection ? [t('attempt.again')] : []),
  ]
  return (
    <DataTable label={t('webhook.tabs.dead-letters')} columns={columns}>
      {letters.map((letter) => (
        <Row key={toKey(letter)} webhook={webhook} letter={letter} selection={selection} />
      ))}
    </DataTable>
  )
}

function Row({
  webhook,
  letter,
  selection,
}: {
  webhook: Webhook
  letter: ListedDeadLetter
  selection: Selection | null
}) {
  const { t } = useTranslation()
  const { at, reason, detail, deliveryId, contactId, kind, attempts, deliveredAt } = letter
  return (
    <Table.Tr>
      <Table.Td data-label={t('attempts.at')}>
        {deliveryId === null ? (
          <Time at={at} />
        ) : (
          <Link className={tableClasses.open} to={attemptsPath(webhook, { deliveryId })}>
            <Time at={at} />
          </Link>
        )}
      </Table.Td>
      <Table.Td data-label={t('dead.reason')}>
        {t(`dead.reasons.${reason}`)}
        {deliveredAt !== null && (
          <Text size="xs" fw={600}>
            {t('dead.delivered')} <Time at={deliveredAt} />
          </Text>
        )}
        {detail !== null && detail !== '' && (
          <Text size="xs" c="dimmed">
            {detail}
          </Text>
        )}
      </Table.Td>
      <Table.Td data-label={t('attempts.contact')}>{contactId ?? '–'}</Table.Td>
      <Table.Td data-label={t('attempts.kind')}>{kind === null ? '–' : t(`kind.${kind}`)}</Table.Td>
      <Table.Td data-label={t('dead.attempts')}>{attempts}</Table.Td>
      {selection && (
        <Table.Td data-label={t('attempt.again')}>
          {deliveryId !== null && deliveredAt === null && (
            <Resend deliveryId={deliveryId} contactId={contactId ?? ''} selection={selection} />
          )}
        </Table.Td>
      )}
    </Table.Tr>
  )
}

type ResendProps = { deliveryId: string; contactId: string; selection: Selection }

function Resend({ deliveryId, contactId, selection: { chosen, onChoose, onSend } }: ResendProps) {
  const { t } = useTranslation()
  const others = chosen.filter((id) => id !== deliveryId)
  return (
    <span className={tableClasses.actions}>
      <Checkbox
        aria-label={t('dead.select', { contact: contactId })}
        checked={chosen.includes(deliveryId)}
        onChange={(event) => onChoose(event.currentTarget.checked ? [...others, deliveryId] : others)}
      />
      <Button size="compact-xs" variant="default" onClick={() => onSend([deliveryId])}>
        {t('attempt.again')}
      </Button>
    </span>
  )
}
