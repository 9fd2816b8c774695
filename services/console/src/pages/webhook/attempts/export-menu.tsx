import { Button, Menu } from '@mantine/core'
import { IconDownload } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { buildUrl } from '../../../api/build-url.ts'
import type { AttemptFilter, Webhook } from '../../../api/types.ts'

type Props = {
  webhook: Pick<Webhook, 'businessId' | 'id'>
  operation: 'exportAttempts' | 'exportDeadLetters'
  /** The filters in force. */
  filter?: AttemptFilter
}

const formats = ['csv', 'ndjson'] as const

/** Downloads everything that the filters in force select. The browser writes the file while it arrives. */
export function ExportMenu({ webhook: { businessId, id }, operation, filter = {} }: Props) {
  const { t } = useTranslation()
  return (
    <Menu position="bottom-end" withInitialFocusPlaceholder={false}>
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />}>
          {t('export.action')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {formats.map((format) => (
          <Menu.Item
            key={format}
            component="a"
            href={buildUrl(operation, { path: { businessId, id }, query: { format, ...filter } })}
            download
          >
            {t(`export.${format}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
