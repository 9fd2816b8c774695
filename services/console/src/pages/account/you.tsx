import { Group, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { holds, type Permission } from '../../../../domain/api/permissions.ts'
import { useSession } from '../../api/session.tsx'
import { Time } from '../../parts/figures/time.tsx'
import { Card } from '../../parts/page/card.tsx'
import { StateWord } from '../../parts/states/state-word.tsx'

/** Permissions and the keys of their texts, in which a colon would separate namespaces. */
const permissions = [
  ['webhooks:read', 'webhooks-read'],
  ['webhooks:write', 'webhooks-write'],
  ['webhooks:bodies', 'webhooks-bodies'],
  ['account:write', 'account-write'],
] as const satisfies [Permission, string][]

/** Who is signed in, and the permissions of the token that was used. */
export function You() {
  const { t } = useTranslation()
  const session = useSession()
  return (
    <Card title={t('account.you')}>
      <Stack gap="xs">
        <Text size="sm">
          {session.subject} · {session.role}
        </Text>
        <Group gap="xs">
          {permissions
            .filter(([permission]) => holds(session, permission))
            .map(([permission, name]) => (
              <StateWord key={permission} tone="blue" text={t(`account.permissions.${name}`)} />
            ))}
        </Group>
        <Text size="sm" c="dimmed">
          {t('account.until')} <Time at={session.expiresAt} />
        </Text>
      </Stack>
    </Card>
  )
}
