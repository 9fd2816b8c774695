import { Anchor } from '@mantine/core'
import { IconMapQuestion } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { Empty } from '../parts/page/empty.tsx'

export function NotFoundPage() {
  const { t } = useTranslation()
  return (
    <Empty icon={<IconMapQuestion size={40} aria-hidden />} title={t('notFound.title')} isPage>
      <Anchor component={Link} to="/">
        {t('notFound.home')}
      </Anchor>
    </Empty>
  )
}
