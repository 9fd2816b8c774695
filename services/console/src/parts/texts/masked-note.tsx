import { Group, Text } from '@mantine/core'
import { IconEyeOff } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { useMay } from '../../api/session.tsx'

/** Says why texts and contacts are masked, to viewers without webhooks:bodies. */
export function MaskedNote() {
  const { t } = useTranslation()
  if (useMay('webhooks:bodies')) return null
  return (
    <Group gap="xs" wrap="nowrap" mb="sm">
      <IconEyeOff size={16} aria-hidden style={{ flexShrink: 0 }} />
      <Text size="sm">{t('masked.note')}</Text>
    </Group>
  )
}
