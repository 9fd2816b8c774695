import { Button, Checkbox, Group, Modal, NumberInput, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AttemptOutcome, ReplayBody, Webhook } from '../../../api/types.ts'
import { nowMs } from '../../../clock.ts'
import { countdown } from '../../../format/format.ts'
import { fromLocalInput, toLocalInput } from '../../../format/local-time.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { outcomes } from '../overview/bins.ts'
import { useReplayCount, useStartReplay } from './use-replay.ts'

export type ReplayKind = 'since' | 'deadLetters' | 'skipped'

const hourMs = 3_600_000
/** The API's default. */
const usualRate = 10
const fastestRate = 1_000

type Props = { webhook: Webhook; kind: ReplayKind; onClose: () => void }

/** Choice of the notifications to resend, and of the rate. */
export function ReplayDialog({ webhook, kind, onClose }: Props) {
  const { t } = useTranslation()
  const { count: format } = useFormats()
  const [since, setSince] = useState(() => toLocalInput(nowMs() - (kind === 'skipped' ? 7 * 24 : 1) * hourMs))
  const [until, setUntil] = useState('')
  const [wanted, setWanted] = useState<AttemptOutcome[]>(['error', 'rejected'])
  const [rate, setRate] = useState<number>(usualRate)
  const start = useStartReplay(webhook)
  const request = toRequest(kind, fromLocalInput(since), fromLocalInput(until), wanted, rate)
  const counted = useReplayCount(webhook, request)
  const confirm = () => request && start.mutate(request, { onSuccess: onClose })
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(`replay.${kind}`)}
      closeButtonProps={{ 'aria-label': t('close') }}
      centered
    >
      <Stack>
        <Text size="sm">{t(`replay.${kind}Text`)}</Text>
        {kind !== 'deadLetters' && (
          <Group grow>
            <TextInput
              type="datetime-local"
              label={t('replay.from')}
              value={since}
              onChange={(event) => setSince(event.target.value)}
            />
            <TextInput
              type="datetime-local"
              label={t('replay.until')}
              value={until}
              onChange={(event) => setUntil(event.target.value)}
            />
          </Group>
        )}
        {kind === 'since' && (
          <Checkbox.Group
            label={t('replay.outcomes')}
            value={wanted}
            onChange={(values) => setWanted(values as AttemptOutcome[])}
          >
            <Group mt={4}>
              {outcomes.map((outcome) => (
                <Checkbox key={outcome} value={outcome} label={t(`outcome.${outcome}`)} />
              ))}
            </Group>
          </Checkbox.Group>
        )}
        <NumberInput
          label={t('replay.rate')}
          description={t('replay.rateHelp')}
          min={1}
          max={fastestRate}
          value={rate}
          onChange={(value) => setRate(Number(value) || usualRate)}
          hideControls
        />
        <Text size="sm" role="status" data-testid="replay-count">
          {counted.data === undefined
            ? t(counted.error ? 'replay.notCounted' : 'replay.counting')
            : t('replay.estimate', {
                count: counted.data,
                n: format(counted.data),
                time: countdown((counted.data / rate) * 1_000),
              })}
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('cancel')}
          </Button>
          <Button disabled={request === null || counted.data === 0} loading={start.isPending} onClick={confirm}>
            {t('replay.start')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}

function toRequest(
  kind: ReplayKind,
  since: string | null,
  until: string | null,
  wanted: AttemptOutcome[],
  ratePerSecond: number,
): ReplayBody | null {
  if (kind === 'deadLetters') return { deadLetters: true, ratePerSecond }
  if (since === null) return null
  const period = { since, ...(until !== null && { until }), ratePerSecond }
  if (kind === 'skipped') return { skipped: true, ...period }
  return wanted.length === 0 ? null : { outcomes: wanted, ...period }
}
