import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Webhook } from '../../../api/types.ts'
import { useNotices } from '../../../parts/texts/notices.ts'
import { useActions } from '../use-actions.ts'

/** Says what switching off costs, and offers the pause, which keeps notifications. Switching off can be undone for a while. */
export function SwitchOffDialog({
  webhook,
  opened,
  onClose,
}: {
  webhook: Webhook
  opened: boolean
  onClose: () => void
}) {
  const { t } = useTranslation()
  const { toggle, setPaused } = useActions(webhook)
  const notices = useNotices()
  const isBusy = toggle.isPending || setPaused.isPending
  const switchOff = () =>
    toggle.mutate(false, {
      onSuccess: ({ version }) =>
        notices.undoable(t('webhook.switchedOff', { name: webhook.name }), t('webhook.undo'), () =>
          toggle.mutate({ enabled: true, version }),
        ),
      onSettled: onClose,
    })
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t('webhook.switchOffTitle', { name: webhook.name })}
      closeButtonProps={{ 'aria-label': t('close') }}
      centered
    >
      <Stack>
        <Text size="sm">{t('webhook.switchOffText')}</Text>
        {!webhook.paused && <Text size="sm">{t('webhook.pauseText')}</Text>}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t('cancel')}
          </Button>
          <Button color="red.9" disabled={isBusy} loading={toggle.isPending} onClick={switchOff}>
            {t('webhook.switchOff')}
          </Button>
          {!webhook.paused && (
            <Button
              disabled={isBusy}
              loading={setPaused.isPending}
              onClick={() => setPaused.mutate(true, { onSettled: onClose })}
            >
              {t('webhook.pause')}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  )
}
