import { Anchor } from '@mantine/core'
import { IconTrash } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { Empty } from '../../parts/page/empty.tsx'
import { listPath } from './page-path.ts'
import { usePlace } from './use-place.ts'

/** Shown for a webhook that was deleted or belongs to another business. */
export function Gone() {
  const { t } = useTranslation()
  const { businessId } = usePlace()
  return (
    <Empty icon={<IconTrash size={40} aria-hidden />} title={t('webhook.gone')} text={t('webhook.goneText')} isPage>
      <Anchor component={Link} to={listPath(businessId)}>
        {t('webhook.toList')}
      </Anchor>
    </Empty>
  )
}
