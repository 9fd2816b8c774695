import { Alert, Button, Modal, Stack } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { keys } from '../../../api/keys.ts'
import { useApi, useMay } from '../../../api/session.tsx'
import type { TestWish, Webhook } from '../../../api/types.ts'
import { Failure } from '../../../parts/page/failure.tsx'
import { TestAnswer } from '../../../parts/tests/test-answer.tsx'
import { TestFields } from '../../../parts/tests/test-fields.tsx'
import { useTestChoice } from '../../../parts/tests/use-test-choice.ts'
import { LatestTests } from './latest-tests.tsx'
import { useLastNotification } from './use-last-notification.ts'

type Props = { webhook: Webhook; opened: boolean; onClose: () => void }

/** Sends a sample with the saved definition. The webhook must be on (contract.md, 1.5). */
export function TestDialog({ webhook, opened, onClose }: Props) {
  const { t } = useTranslation()
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size="xl"
      title={t('test.title', { name: webhook.name })}
      closeButtonProps={{ 'aria-label': t('close') }}
    >
      <Tester webhook={webhook} onClose={onClose} />
    </Modal>
  )
}

function Tester({ webhook, onClose }: Omit<Props, 'opened'>) {
  const { t } = useTranslation()
  const api = useApi()
  const queries = useQueryClient()
  const { businessId, id, enabled, events, channels } = webhook
  const choosing = useTestChoice(businessId, webhook)
  const { wish } = choosing
  const mayRead = useMay('webhooks:bodies')
  const readLast = useLastNotification(webhook)
  const test = useMutation({
    mutationFn: (body: TestWish) => api.call('testWebhook', { path: { businessId, id }, body }),
    onSettled: () => queries.invalidateQueries({ queryKey: keys.attempts(businessId, id) }),
  })
  return (
    <Stack>
      {!enabled && (
        <Alert color="yellow" variant="outline">
          {t('test.off')}
        </Alert>
      )}
      <TestFields {...{ businessId, events, channels, choosing, ...(mayRead && { readLast }) }} />
      <Button loading={test.isPending} disabled={!enabled || wish === null} onClick={() => wish && test.mutate(wish)}>
        {t('test.send')}
      </Button>
      {test.error && <Failure error={test.error} />}
      {test.data && !test.isPending && <TestAnswer result={test.data} />}
      <LatestTests webhook={webhook} onOpen={onClose} />
    </Stack>
  )
}
