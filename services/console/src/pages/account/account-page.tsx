import { Button, Group, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useParams } from 'react-router'
import { accountQuery } from '../../api/queries.ts'
import { useApi, useMay } from '../../api/session.tsx'
import type { Account } from '../../api/types.ts'
import { useFormats } from '../../format/use-formats.ts'
import { Card } from '../../parts/page/card.tsx'
import { Confirm } from '../../parts/page/confirm.tsx'
import { Failure } from '../../parts/page/failure.tsx'
import { PageSkeleton } from '../../parts/page/page-skeleton.tsx'
import { usePageTitle } from '../../parts/page/use-page-title.ts'
import { StateWord } from '../../parts/states/state-word.tsx'
import { AlertAddresses } from './alert-addresses.tsx'
import { useActivation } from './use-activation.ts'
import { You } from './you.tsx'

/** Shows whether webhooks are activated for the business, who changed that and when, and the viewer's permissions. */
export default function AccountPage() {
  const { t } = useTranslation()
  const { businessId = '' } = useParams()
  const { data, error, refetch } = useQuery(accountQuery(useApi(), businessId))
  usePageTitle(t('account.title'))
  return (
    <Stack>
      <Title order={1} size="h2">
        {t('account.title')}
      </Title>
      {error && !data && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <PageSkeleton rows={[140]} />}
      {data && <Activation businessId={businessId} account={data} />}
      {data && <AlertAddresses key={businessId} businessId={businessId} account={data} />}
      <You />
    </Stack>
  )
}

function Activation({ businessId, account }: { businessId: string; account: Account }) {
  const { t } = useTranslation()
  const { time } = useFormats()
  const mayActivate = useMay('account:write')
  const [isAsking, setAsking] = useState(false)
  const change = useActivation(businessId)
  const { webhooksEnabled, updatedAt, updatedBy } = account
  return (
    <Card title={t('account.webhooks')}>
      <Stack gap="sm" align="flex-start">
        <StateWord
          tone={webhooksEnabled ? 'green' : 'gray'}
          text={t(webhooksEnabled ? 'account.active' : 'account.inactive')}
        />
        <Text size="sm">{t(webhooksEnabled ? 'account.activeText' : 'account.inactiveText')}</Text>
        {updatedAt && (
          <Text size="sm" c="dimmed">
            {t('account.changedBy', { who: updatedBy ?? '–', time: time(updatedAt) })}
          </Text>
        )}
        {mayActivate ? (
          <Group>
            {webhooksEnabled ? (
              <Button variant="default" onClick={() => setAsking(true)}>
                {t('account.deactivate')}
              </Button>
            ) : (
              <Button loading={change.isPending} onClick={() => change.mutate(true)}>
                {t('account.activate')}
              </Button>
            )}
          </Group>
        ) : (
          <Text size="sm">{t('account.mayNot')}</Text>
        )}
      </Stack>
      <Confirm
        opened={isAsking}
        onClose={() => setAsking(false)}
        onConfirm={() => change.mutate(false, { onSuccess: () => setAsking(false) })}
        busy={change.isPending}
        dangerous
        title={t('account.deactivateTitle')}
        text={t('account.deactivateText')}
        action={t('account.deactivate')}
      />
    </Card>
  )
}
