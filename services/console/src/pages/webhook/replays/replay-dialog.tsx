import { Alert, Button, Checkbox, Group, Modal, NumberInput, Stack, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { AttemptOutcome, Webhook } from '../../../api/types.ts'
import { nowMs } from '../../../clock.ts'
import { countdown } from '../../../format/format.ts'
import { fromLocalInput, toLocalInput } from '../../../format/local-time.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { outcomes } from '../overview/bins.ts'
import { isSecondTime, type ReplayKind, toReplayBody } from './replay-body.ts'
import { useReplayCount, useStartReplay } from './use-replay.ts'

const hourMs = 3_600_000
/** The API's default. */
const usualRate = 10
const fastestRate = 1_000
/** A count reads the topics, so it waits until typing pauses. */
const typingMs = 400

type Props = { webhook: Webhook; kind: ReplayKind; chosen?: string[]; onClose: () => void; onStarted?: () => void }

/** Choice of the notifications to resend, and of the rate. @param chosen webhook-ids of undelivered ones. */
export function ReplayDialog({ webhook, kind, chosen, onClose, onStarted }: Props) {
  const { t } = useTranslation()
  const { count: format } = useFormats()
  const [since, setSince] = useState(() =>
    kind === 'deadLetters' ? '' : toLocalInput(nowMs() - (kind === 'skipped' ? 7 * 24 : 1) * hourMs),
  )
  const [until, setUntil] = useState('')
  const [contact, setContact] = useState('')
  const [contactId] = useDebouncedValue(contact.trim(), typingMs)
  const [wanted, setWanted] = useState<AttemptOutcome[]>(['error', 'rejected'])
  const [rate, setRate] = useState<number>(usualRate)
  const [isAsking, setAsking] = useState(false)
  const start = useStartReplay(webhook)
  const period = { since: fromLocalInput(since), until: fromLocalInput(until) }
  const request = toReplayBody(kind, { ...period, wanted, contactId, chosen, ratePerSecond: rate })
  const counted = useReplayCount(webhook, request)
  const mustAsk = kind === 'since' && isSecondTime(wanted)
  const confirm = () => {
    if (mustAsk && !isAsking) return setAsking(true)
    if (!request) return
    start.mutate(request, {
      onSuccess: () => {
        onStarted?.()
        onClose()
      },
    })
  }
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(chosen ? 'replay.chosen' : `replay.${kind}`)}
      closeButtonProps={{ 'aria-label': t('close') }}
      centered
    >
      <Stack>
        <Text size="sm">{t(`replay.${kind}Text`)}</Text>
        {!chosen && (
          <Group grow>
            <TextInput
              type="datetime-local"
              label={t(kind === 'deadLetters' ? 'replay.fromOptional' : 'replay.from')}
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
        {!chosen && kind !== 'skipped' && (
          <TextInput
            label={t('replay.contact')}
            description={t('replay.contactHelp')}
            value={contact}
            onChange={(event) => setContact(event.target.value)}
          />
        )}
        {kind === 'since' && (
          <Checkbox.Group
            label={t('replay.outcomes')}
            value={wanted}
            onChange={(values) => {
              setWanted(values as AttemptOutcome[])
              setAsking(false)
            }}
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
            : `${t('replay.estimate', { count: counted.data.count, n: format(counted.data.count) })} ${t(
                'replay.estimateOf',
                {
                  count: counted.data.contacts,
                  n: format(counted.data.contacts),
                  time: countdown((counted.data.count / rate) * 1_000),
                },
              )}`}
        </Text>
        {isAsking && (
          <Alert color="yellow" variant="outline" role="alert" title={t('replay.secondTitle')}>
            {t('replay.secondText')}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {t('cancel')}
          </Button>
          <Button disabled={request === null || counted.data?.count === 0} loading={start.isPending} onClick={confirm}>
            {t(isAsking ? 'replay.second' : 'replay.start')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
