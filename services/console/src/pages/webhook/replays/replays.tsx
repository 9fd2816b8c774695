import { Anchor, Button, Group, Text } from '@mantine/core'
import { IconRepeat } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useMay } from '../../../api/session.tsx'
import type { Webhook } from '../../../api/types.ts'
import { Card } from '../../../parts/page/card.tsx'
import { pagePath } from '../page-path.ts'
import { useResendObstacle } from '../use-resend-obstacle.ts'
import type { ReplayKind } from './replay-body.ts'
import { ReplayDialog } from './replay-dialog.tsx'

/** Card with the ways to resend notifications. */
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
      <Anchor
        component={Link}
        size="sm"
        mt="sm"
        display="inline-block"
        underline="always"
        to={pagePath(webhook, 'replays')}
      >
        {t('replay.earlier')}
      </Anchor>
    </Card>
  )
}

export function ReplayButtons({
  webhook,
  kinds = ['deadLetters', 'since', 'skipped'],
}: {
  webhook: Webhook
  kinds?: ReplayKind[]
}) {
  const { t } = useTranslation()
  const obstacle = useResendObstacle(webhook)
  const [kind, setKind] = useState<ReplayKind | null>(null)
  return (
    <Group gap="sm">
      {kinds.map((one) => (
        <Button
          key={one}
          variant="default"
          leftSection={<IconRepeat size={16} aria-hidden />}
          disabled={obstacle !== null}
          onClick={() => setKind(one)}
        >
          {t(`replay.${one}`)}
        </Button>
      ))}
      {obstacle !== null && (
        <Text size="sm" c="dimmed">
          {t(`replay.${obstacle}`)}
        </Text>
      )}
      {kind && <ReplayDialog webhook={webhook} kind={kind} onClose={() => setKind(null)} />}
    </Group>
  )
}
