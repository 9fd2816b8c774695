import { ActionIcon, Anchor, Button, Group, Menu, Switch, Title } from '@mantine/core'
import {
  IconChevronLeft,
  IconDots,
  IconKey,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconSend,
  IconTrash,
} from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import { useMay } from '../../api/session.tsx'
import type { Webhook, WebhookState } from '../../api/types.ts'
import { Copyable } from '../../parts/requests/copy-button.tsx'
import { StateBadge } from '../../parts/states/state-badge.tsx'
import { listPath, pagePath } from './page-path.ts'
import { DeleteDialog } from './settings/delete-dialog.tsx'
import { PauseDialog } from './settings/pause-dialog.tsx'
import { RotateDialog } from './settings/rotate-dialog.tsx'
import { SwitchOffDialog } from './settings/switch-off-dialog.tsx'
import { TestDialog } from './tests/test-dialog.tsx'
import classes from './top-bar.module.css'
import { useActions } from './use-actions.ts'

type Dialog = 'test' | 'off' | 'pause' | 'rotate' | 'delete' | null

/** Name and state of a webhook, and its actions for people who may change it. */
export function TopBar({ webhook, state }: { webhook: Webhook; state: WebhookState }) {
  const { t } = useTranslation()
  const mayWrite = useMay('webhooks:write')
  const [dialog, setDialog] = useState<Dialog>(null)
  const { toggle, setPaused } = useActions(webhook)
  const close = () => setDialog(null)
  return (
    <div className={classes.bar}>
      <div className={classes.title}>
        <Anchor component={Link} to={listPath(webhook.businessId)} size="sm" className={classes.back}>
          <IconChevronLeft size={16} aria-hidden /> {t('list.title')}
        </Anchor>
        <Group gap="sm">
          <Title order={1} size="h2">
            {webhook.name}
          </Title>
          <StateBadge state={state} />
        </Group>
        <Copyable text={webhook.url} label={t('form.url')}>
          <div className={classes.url}>{webhook.url}</div>
        </Copyable>
      </div>
      {mayWrite && (
        <Group gap="sm" className={classes.actions}>
          <Switch
            label={t(webhook.enabled ? 'webhook.on' : 'webhook.off')}
            aria-label={t('webhook.switch')}
            checked={webhook.enabled}
            disabled={toggle.isPending}
            onChange={(event) => (event.currentTarget.checked ? toggle.mutate(true) : setDialog('off'))}
          />
          <Button leftSection={<IconSend size={16} aria-hidden />} onClick={() => setDialog('test')}>
            {t('test.button')}
          </Button>
          <Button
            component={Link}
            to={pagePath(webhook, 'edit')}
            variant="default"
            leftSection={<IconPencil size={16} aria-hidden />}
          >
            {t('webhook.edit')}
          </Button>
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon variant="default" size={36} aria-label={t('webhook.more')}>
                <IconDots size={18} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item
                leftSection={
                  webhook.paused ? <IconPlayerPlay size={16} aria-hidden /> : <IconPlayerPause size={16} aria-hidden />
                }
                disabled={!webhook.enabled}
                onClick={() => (webhook.paused ? setPaused.mutate(false) : setDialog('pause'))}
              >
                {t(webhook.paused ? 'webhook.resume' : 'webhook.pause')}
              </Menu.Item>
              <Menu.Item leftSection={<IconKey size={16} aria-hidden />} onClick={() => setDialog('rotate')}>
                {t('rotate.button')}
              </Menu.Item>
              <Menu.Item
                color="red"
                leftSection={<IconTrash size={16} aria-hidden />}
                onClick={() => setDialog('delete')}
              >
                {t('delete.button')}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </Group>
      )}
      <TestDialog webhook={webhook} opened={dialog === 'test'} onClose={close} />
      <SwitchOffDialog webhook={webhook} opened={dialog === 'off'} onClose={close} />
      <PauseDialog webhook={webhook} opened={dialog === 'pause'} onClose={close} />
      <RotateDialog webhook={webhook} opened={dialog === 'rotate'} onClose={close} />
      <DeleteDialog webhook={webhook} opened={dialog === 'delete'} onClose={close} />
    </div>
  )
}
