import { Anchor, Group, List, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { testsQuery } from '../../../api/queries.ts'
import { useApi } from '../../../api/session.tsx'
import type { Webhook } from '../../../api/types.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { Time } from '../../../parts/figures/time.tsx'
import { OutcomeBadge } from '../../../parts/states/outcome-badge.tsx'
import { attemptsPath } from '../attempts/attempts-path.ts'

/** The last five tests of the webhook, whoever made them. Each leads to its request and answer. */
export function LatestTests({ webhook, onOpen }: { webhook: Webhook; onOpen: () => void }) {
  const { t } = useTranslation()
  const { duration } = useFormats()
  const { data } = useQuery(testsQuery(useApi(), webhook.businessId, webhook.id))
  if (!data || data.attempts.length === 0) return null
  return (
    <section aria-label={t('test.latest')}>
      <Title order={3} size="h6" mb="xs">
        {t('test.latest')}
      </Title>
      <List listStyleType="none" spacing="xs">
        {data.attempts.map((one) => (
          <List.Item key={one.id}>
            <Group gap="sm">
              <Anchor
                component={Link}
                size="sm"
                underline="always"
                to={attemptsPath(webhook, { deliveryId: one.deliveryId })}
                onClick={onOpen}
              >
                <Time at={one.at} />
              </Anchor>
              <OutcomeBadge outcome={one.outcome} detail={one.status ?? one.cause} />
              <Text size="sm">{t(`kind.${one.kind}`)}</Text>
              {one.latencyMs !== null && <Text size="sm">{duration(one.latencyMs)}</Text>}
            </Group>
          </List.Item>
        ))}
      </List>
    </section>
  )
}
