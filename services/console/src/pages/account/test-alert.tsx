import { Alert, Button, List, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useApi } from '../../api/session.tsx'
import { useNotices } from '../../parts/texts/notices.ts'

/** Sends a test alert to the stored addresses, and shows which of them got it. */
export function TestAlert({ businessId }: { businessId: string }) {
  const { t } = useTranslation()
  const api = useApi()
  const notices = useNotices()
  const test = useMutation({
    mutationFn: () => api.call('sendTestAlert', { path: { businessId } }),
    onError: notices.failed,
  })
  const results = test.data?.results
  const isFine = results?.every(({ sent }) => sent) ?? false
  return (
    <>
      <Button variant="default" loading={test.isPending} onClick={() => test.mutate()}>
        {t('alerts.test')}
      </Button>
      {results && (
        <Alert
          w="100%"
          role="status"
          variant="outline"
          color={isFine ? 'teal' : 'red'}
          title={t(isFine ? 'alerts.testSent' : 'alerts.testFailed')}
        >
          <List size="sm">
            {results.map(({ address, sent, reason }) => (
              <List.Item key={address}>
                {address}: {sent ? t('alerts.sent') : t('alerts.notSent')}
                {reason !== null && (
                  <Text span size="sm" c="dimmed">
                    {' '}
                    ({reason})
                  </Text>
                )}
              </List.Item>
            ))}
          </List>
        </Alert>
      )}
    </>
  )
}
