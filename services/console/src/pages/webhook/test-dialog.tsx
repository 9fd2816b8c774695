import { Alert, Button, Modal, Stack } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../api/session.tsx'
import type { NotificationKind, Webhook } from '../../api/types.ts'
import { Failure } from '../../parts/page/failure.tsx'
import { chooseKind, KindChoice } from '../../parts/requests/kind-choice.tsx'
import { TestAnswer } from '../../parts/requests/test-answer.tsx'

type Props = { webhook: Webhook; opened: boolean; onClose: () => void }

/** Sends a sample with the saved definition. The webhook must be on (contract.md, 1.5). */
export function TestDialog({ webhook, opened, onClose }: Props) {
  const { t } = useTranslation()
  const api = useApi()
  const [kind, setKind] = useState<NotificationKind>(chooseKind(webhook.events))
  const test = useMutation({
    mutationFn: () =>
      api.call('testWebhook', { path: { businessId: webhook.businessId, id: webhook.id }, body: { kind } }),
  })
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size="xl"
      title={t('test.title', { name: webhook.name })}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      <Stack>
        {!webhook.enabled && (
          <Alert color="yellow" variant="outline">
            {t('test.off')}
          </Alert>
        )}
        <KindChoice value={kind} onChange={setKind} />
        <Button loading={test.isPending} disabled={!webhook.enabled} onClick={() => test.mutate()}>
          {t('test.send')}
        </Button>
        {test.error && <Failure error={test.error} />}
        {test.data && !test.isPending && <TestAnswer result={test.data} />}
      </Stack>
    </Modal>
  )
}
