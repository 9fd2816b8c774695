import { Anchor, Button, List } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useMay } from '../../../api/session.tsx'
import type { Conflict, Webhook } from '../../../api/types.ts'
import { pagePath } from '../page-path.ts'
import { useActions } from '../use-actions.ts'
import { Banner } from './banner.tsx'

/** Channels whose events go to another webhook, and the way to have them here. */
export function ConflictBanner({ webhook, conflicts }: { webhook: Webhook; conflicts: Conflict[] }) {
  const { t } = useTranslation()
  const mayWrite = useMay('webhooks:write')
  const { takeChannel } = useActions(webhook)
  return (
    <Banner title={t('banner.conflict')}>
      {t('banner.conflictText')}
      <List size="sm" mt={4}>
        {conflicts.map(({ channel, webhookId, name }) => (
          <List.Item key={channel}>
            {channel}:{' '}
            <Anchor
              component={Link}
              size="sm"
              underline="always"
              to={pagePath({ businessId: webhook.businessId, id: webhookId })}
            >
              {name}
            </Anchor>{' '}
            {mayWrite && (
              <Button
                size="compact-xs"
                variant="default"
                loading={takeChannel.isPending}
                onClick={() => takeChannel.mutate(channel)}
              >
                {t('form.move')}
              </Button>
            )}
          </List.Item>
        ))}
      </List>
    </Banner>
  )
}
