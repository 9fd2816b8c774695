import { Button, Group, NativeSelect, Stack, Text } from '@mantine/core'
import { IconRestore } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { Link, useSearchParams } from 'react-router'
import { useMay } from '../../../api/session.tsx'
import type { AuditView, Webhook } from '../../../api/types.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { Card } from '../../../parts/page/card.tsx'
import { ChangeList } from '../../audit/changes.tsx'
import { pagePath } from '../page-path.ts'
import type { Restoring } from './restored-version.ts'
import { changesBetween } from './versions.ts'

/** Differences between two versions, and the way back to the older one. @param versions newest first. */
export function CompareVersions({ webhook, versions }: { webhook: Webhook; versions: AuditView[] }) {
  const { t } = useTranslation()
  const { time } = useFormats()
  const mayWrite = useMay('webhooks:write')
  const [params, setParams] = useSearchParams()
  const newest = versions[0]?.id ?? ''
  const find = (name: string, otherwise: string) => versions.find(({ id }) => id === params.get(name))?.id ?? otherwise
  const [from, to] = [find('from', versions[1]?.id ?? ''), find('to', newest)]
  const choices = versions.map(({ id, version, at, subject }) => ({
    value: id,
    label: `${version} · ${time(at)} · ${subject}`,
  }))
  const choose = (name: 'from' | 'to', id: string) => setParams({ from, to, [name]: id }, { replace: true })
  const changes = changesBetween(versions, from, to)
  const restored = versions.find(({ id }) => id === from)
  const since = changesBetween(versions, from, newest)
  const state: Restoring = { version: restored?.version ?? 0, changes: since }
  return (
    <Card title={t('history.compare')}>
      <Stack gap="sm" align="flex-start">
        <Group gap="sm" align="flex-end">
          {(['from', 'to'] as const).map((name) => (
            <NativeSelect
              key={name}
              label={t(`history.${name}`)}
              value={name === 'from' ? from : to}
              onChange={(event) => choose(name, event.target.value)}
              data={choices}
            />
          ))}
        </Group>
        <div role="status">
          {changes.length === 0 ? <Text size="sm">{t('history.same')}</Text> : <ChangeList changes={changes} />}
        </div>
        {mayWrite && since.length > 0 && (
          <Button
            component={Link}
            to={pagePath(webhook, 'edit')}
            state={state}
            variant="default"
            leftSection={<IconRestore size={16} aria-hidden />}
          >
            {t('history.restore', { version: state.version })}
          </Button>
        )}
      </Stack>
    </Card>
  )
}
