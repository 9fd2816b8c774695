import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import type { PropsWithChildren } from 'react'
import { useTranslation } from 'react-i18next'

type Props = PropsWithChildren<{
  opened: boolean
  title: string
  text: string
  /** Text of the button: a verb, never "OK". */
  action: string
  dangerous?: boolean
  busy: boolean
  onConfirm: () => void
  onClose: () => void
}>

export function Confirm({ opened, title, text, action, dangerous, busy, onConfirm, onClose, children }: Props) {
  const { t } = useTranslation()
  return (
    <Modal opened={opened} onClose={onClose} title={title} closeButtonProps={{ 'aria-label': t('close') }} centered>
      <Stack>
        <Text size="sm">{text}</Text>
        {children}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {t('cancel')}
          </Button>
          <Button color={dangerous ? 'red.9' : 'blue'} loading={busy} onClick={onConfirm}>
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
