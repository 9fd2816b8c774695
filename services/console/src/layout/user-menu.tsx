import { ActionIcon, Menu, Text } from '@mantine/core'
import { IconLogout, IconUser } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { useSession, useSessionState } from '../api/session.tsx'
import { useNotices } from '../parts/texts/notices.ts'

export function UserMenu() {
  const { t } = useTranslation()
  const notices = useNotices()
  const { signOut } = useSessionState()
  const { subject, role } = useSession()
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={t('shell.you')}>
          <IconUser size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown maw={320}>
        <Menu.Label>
          <Text size="sm" c="var(--mantine-color-text)" fw={600}>
            {subject}
          </Text>
          <Text size="xs">{role}</Text>
        </Menu.Label>
        <Menu.Item
          leftSection={<IconLogout size={16} aria-hidden />}
          onClick={() => void signOut().catch(notices.failed)}
        >
          {t('shell.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}
