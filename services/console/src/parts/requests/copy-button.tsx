import { ActionIcon, Button } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'

export function CopyIcon({ text, label }: { text: string; label: string }) {
  const { t } = useTranslation()
  const { copied, copy } = useClipboard()
  return (
    <ActionIcon variant="subtle" color="gray" aria-label={copied ? t('copied') : label} onClick={() => copy(text)}>
      {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
    </ActionIcon>
  )
}

export function CopyButton({ text }: { text: string }) {
  const { t } = useTranslation()
  const { copied, copy } = useClipboard()
  const icon = copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />
  return (
    <Button leftSection={icon} color={copied ? 'teal.9' : 'blue'} onClick={() => copy(text)}>
      {copied ? t('copied') : t('copy')}
    </Button>
  )
}
