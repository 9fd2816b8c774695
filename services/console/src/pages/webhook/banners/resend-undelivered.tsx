import { Button } from '@mantine/core'
import { IconRepeat } from '@tabler/icons-react'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useMay } from '../../../api/session.tsx'
import type { Status, Webhook } from '../../../api/types.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { ReplayDialog } from '../replays/replay-dialog.tsx'

/** Offers to resend what was given up, where sending has resumed. Absent while there is nothing, or requests fail. */
export function ResendUndelivered({ webhook, status }: { webhook: Webhook; status: Status }) {
  const { t } = useTranslation()
  const { count } = useFormats()
  const mayWrite = useMay('webhooks:write')
  const [isOpen, setOpen] = useState(false)
  const { undelivered, failingSince } = status
  if (!mayWrite || undelivered === 0 || failingSince !== null) return null
  return (
    <>
      <Button
        mt="sm"
        size="xs"
        display="block"
        maw="100%"
        leftSection={<IconRepeat size={14} aria-hidden />}
        onClick={() => setOpen(true)}
      >
        {t('banner.resend', { count: undelivered, n: count(undelivered) })}
      </Button>
      {isOpen && <ReplayDialog webhook={webhook} kind="deadLetters" onClose={() => setOpen(false)} />}
    </>
  )
}
