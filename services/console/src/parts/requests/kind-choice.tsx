import { NativeSelect } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { NotificationKind, WantedEvents } from '../../api/types.ts'

const kinds: NotificationKind[] = ['message', 'status']

/** Kind of notification that a webhook receives; message if it receives both. */
export function chooseKind(events: WantedEvents): NotificationKind {
  const wantsMessages = events.userMessages || events.botMessages || events.operatorMessages || events.variableChanges
  return !wantsMessages && (events.deliveredStatus || events.readStatus) ? 'status' : 'message'
}

type Props = { value: NotificationKind; onChange: (kind: NotificationKind) => void }

export function KindChoice({ value, onChange }: Props) {
  const { t } = useTranslation()
  return (
    <NativeSelect
      label={t('test.kind')}
      description={t('test.kindHelp')}
      value={value}
      onChange={(event) => onChange(event.target.value as NotificationKind)}
      data={kinds.map((kind) => ({ value: kind, label: t(`kind.${kind}`) }))}
    />
  )
}
