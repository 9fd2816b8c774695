import { Button, Group, Text } from '@mantine/core'
import { IconRepeat } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useMay } from '../../../api/session.tsx'
import type { Webhook } from '../../../api/types.ts'
import { Card } from '../../../parts/page/card.tsx'
import { useHindrance } from '../use-hindrance.ts'
import { ReplayDialog, type ReplayKind } from './replay-dialog.tsx'

/** Sending again what had not arrived. */
export function Replays({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation()
  const mayWrite = useMay('webhooks:write')
  if (!mayWrite) return null
  return (
    <Card title={t('replay.title')}>
      <Text size="sm" c="dimmed" mb="sm">
        {t('replay.text')}
      </Text>
      <ReplayButtons webhook={webhook} />
    </Card>
  )
}

export function ReplayButtons({
  webhook,
  kinds = ['deadLetters', 'since'],
}: {
  webhook: Webhook
  kinds?: ReplayKind[]
}) {
  const { t } = useTranslation()
  const hindrance = useHindrance(webhook)
  const [kind, setKind] = useState<ReplayKind | null>(null)
  return (
    <Group gap="sm">
      {kinds.map((one) => (
        <Button
          key={one}
          variant="default"
          leftSection={<IconRepeat size={16} aria-hidden />}
          disabled={hindrance !== null}
          onClick={() => setKind(one)}
        >
          {t(`replay.${one}`)}
        </Button>
      ))}
      {hindrance !== null && (
        <Text size="sm" c="dimmed">
          {t(`replay.${hindrance}`)}
        </Text>
      )}
      {kind && <ReplayDialog webhook={webhook} kind={kind} onClose={() => setKind(null)} />}
    </Group>
  )
}
