import { Button, Checkbox, Group, Modal, NumberInput, Stack, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AttemptOutcome, ReplayBody, Webhook } from '../../../api/types.ts'
import { nowMs } from '../../../clock.ts'
import { fromLocalInput, toLocalInput } from '../../../format/local-time.ts'
import { outcomes } from '../overview/bins.ts'
import { useStartReplay } from './use-replay.ts'

export type ReplayKind = 'since' | 'deadLetters'

const hourMs = 3_600_000
/** The API's default. */
const usualRate = 10
const fastestRate = 1_000

type Props = { webhook: Webhook; kind: ReplayKind; onClose: () => void }

/** Choice of the notifications to resend, and of the rate. */
export function ReplayDialog({ webhook, kind, onClose }: Props) {
  const { t } = useTranslation()
  const [since, setSince] = useState(() => toLocalInput(nowMs() - hourMs))
  const [wanted, setWanted] = useState<AttemptOutcome[]>(['error', 'rejected'])
  const [rate, setRate] = useState<number>(usualRate)
  const start = useStartReplay(webhook)
  const request = toRequest(kind, fromLocalInput(since), wanted, rate)
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
        {kind === 'since' && (
          <>
            <TextInput
              type="datetime-local"
              label={t('replay.from')}
              value={since}
              onChange={(event) => setSince(event.target.value)}
            />
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
          </>
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
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('cancel')}
          </Button>
          <Button disabled={request === null} loading={start.isPending} onClick={confirm}>
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
  wanted: AttemptOutcome[],
  ratePerSecond: number,
): ReplayBody | null {
  if (kind === 'deadLetters') return { deadLetters: true, ratePerSecond }
  return since === null || wanted.length === 0 ? null : { since, outcomes: wanted, ratePerSecond }
}
