import { Alert, Button, Text } from '@mantine/core'
import { IconLock } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'
import { useMay } from '../../api/session.tsx'
import { useActivation } from '../account/use-activation.ts'

/** Notice for a business that has not activated webhooks, so that nothing is sent (contract.md, 1.4). Activates them in place. */
export function ActivationNotice() {
  const { t } = useTranslation()
  const { businessId = '' } = useParams()
  const mayActivate = useMay('account:write')
  const activation = useActivation(businessId)
  return (
    <Alert icon={<IconLock aria-hidden />} color="yellow" variant="outline" mb="md" title={t('account.inactive')}>
      <Text size="sm" mb={mayActivate ? 'xs' : undefined}>
        {t('account.inactiveText')} {!mayActivate && t('failure.403')}
      </Text>
      {mayActivate && (
        <Button size="xs" loading={activation.isPending} onClick={() => activation.mutate(true)}>
          {t('account.activate')}
        </Button>
      )}
    </Alert>
  )
}
