import { Alert, Anchor } from '@mantine/core'
import { IconLock } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { Link, useParams } from 'react-router'

/** Notice for a business that has not activated webhooks, so that nothing is sent (contract.md, 1.4). */
export function ActivationNotice() {
  const { t } = useTranslation()
  const { businessId = '' } = useParams()
  return (
    <Alert icon={<IconLock aria-hidden />} color="yellow" variant="outline" mb="md" title={t('account.inactive')}>
      {t('account.inactiveText')}{' '}
      <Anchor component={Link} size="sm" underline="always" to={`/b/${encodeURIComponent(businessId)}/account`}>
        {t('account.toAccount')}
      </Anchor>
    </Alert>
  )
}
