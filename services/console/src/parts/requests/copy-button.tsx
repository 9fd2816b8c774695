import { ActionIcon, Button, Group } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { IconCheck, IconCopy } from '@tabler/icons-react'
import type { PropsWithChildren } from 'react'
import { useTranslation } from 'react-i18next'

export function CopyIcon({ text, label }: { text: string; label: string }) {
  const { t } = useTranslation()
  const { copied, copy } = useClipboard()
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      size="sm"
      aria-label={copied ? t('copied') : label}
      onClick={() => copy(text)}
    >
      {copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />}
    </ActionIcon>
  )
}

/** A value as it is shown, with a button that copies it. @param label what it is. */
export function Copyable({ text, label, children }: PropsWithChildren<{ text: string; label: string }>) {
  const { t } = useTranslation()
  return (
    <Group gap={2} wrap="nowrap" align="center">
      {children ?? text}
      <CopyIcon text={text} label={t('copyOf', { what: label })} />
    </Group>
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
