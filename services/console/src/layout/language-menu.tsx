import { ActionIcon, Menu } from '@mantine/core'
import { IconLanguage } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { languageNames, languages } from '../i18n/languages.ts'
import { switchLanguage } from '../i18n/setup.ts'
import { useNotices } from '../parts/texts/notices.ts'

export function LanguageMenu() {
  const { t, i18n } = useTranslation()
  const notices = useNotices()
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={t('shell.language')}>
          <IconLanguage size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {languages.map((language) => (
          <Menu.Item
            key={language}
            lang={language}
            aria-current={i18n.language === language}
            fw={i18n.language === language ? 700 : 400}
            onClick={() => void switchLanguage(language).catch(notices.unloaded)}
          >
            {languageNames[language]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
