import { Box, Button, Table, Text } from '@mantine/core'
import { IconRepeat } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { isReplayOver, replayPages } from '../../../api/queries.ts'
import { useApi, useMay } from '../../../api/session.tsx'
import type { ReplayEntry, Webhook } from '../../../api/types.ts'
import { useFormats } from '../../../format/use-formats.ts'
import { DataTable } from '../../../parts/figures/data-table.tsx'
import { Time } from '../../../parts/figures/time.tsx'
import { HeldRows } from '../../../parts/lists/held-rows.tsx'
import { useHeldList } from '../../../parts/lists/use-held-list.ts'
import { Empty } from '../../../parts/page/empty.tsx'
import { Failure } from '../../../parts/page/failure.tsx'
import { PageSkeleton } from '../../../parts/page/page-skeleton.tsx'
import { outcomes } from '../overview/bins.ts'
import { ReplayButtons } from './replays.tsx'
import { useStopReplay } from './use-replay.ts'

/** The latest replays of the webhook: when, by whom, what was selected, and what has become of it. */
export default function ReplayHistory({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation()
  const mayWrite = useMay('webhooks:write')
  const list = useHeldList(
    replayPages(useApi(), webhook.businessId, webhook.id),
    ({ replays }) => replays,
    ({ replayId }) => replayId,
  )
  if (list.error !== null && !list.items) return <Failure error={list.error} onRetry={list.retry} />
  if (!list.items) return <PageSkeleton rows={[200]} />
  const columns = [t('attempts.at'), t('audit.who'), t('replay.selected'), t('replay.result')]
  return (
    <>
      {mayWrite && (
        <Box mb="md">
          <ReplayButtons webhook={webhook} />
        </Box>
      )}
      {list.items.length === 0 ? (
        <Empty icon={<IconRepeat size={40} aria-hidden />} title={t('replay.none')} text={t('replay.text')} />
      ) : (
        <HeldRows list={list}>
          <DataTable label={t('webhook.tabs.replays')} columns={columns}>
            {list.items.map((replay) => (
              <Table.Tr key={replay.replayId}>
                <Table.Td data-label={t('attempts.at')}>
                  <Time at={replay.startedAt} />
                </Table.Td>
                <Table.Td data-label={t('audit.who')}>{replay.subject}</Table.Td>
                <Table.Td data-label={t('replay.selected')}>
                  <Selected {...replay.selected} />
                </Table.Td>
                <Table.Td data-label={t('replay.result')}>
                  <Result webhook={webhook} replay={replay} />
                </Table.Td>
              </Table.Tr>
            ))}
          </DataTable>
        </HeldRows>
      )}
    </>
  )
}

function Selected({ kind, since, until, outcomes: wanted, ofContact, ratePerSecond }: ReplayEntry['selected']) {
  const { t } = useTranslation()
  const { count } = useFormats()
  if (kind === null) return '–'
  return (
    <>
      {t(`replay.kinds.${kind}`)}
      {(since !== null || until !== null) && (
        <>
          {' · '}
          {since !== null && <Time at={since} />} – {until !== null && <Time at={until} />}
        </>
      )}
      {wanted !== null && ` · ${wanted.map((one) => t(`outcome.${one}`)).join(', ')}`}
      {ofContact && ` · ${t('replay.ofContact')}`}
      {ratePerSecond !== null && ` · ${t('replay.perSecond', { n: count(ratePerSecond) })}`}
    </>
  )
}

function Result({ webhook, replay }: { webhook: Webhook; replay: ReplayEntry }) {
  const { t } = useTranslation()
  const { count } = useFormats()
  const mayWrite = useMay('webhooks:write')
  const stop = useStopReplay(webhook, replay.replayId)
  const isOver = isReplayOver(replay)
  const left = replay.waiting + replay.retrying
  const done = t('replay.done', { done: count(replay.count - left), total: count(replay.count) })
  return (
    <>
      <Text span size="sm" fw={600}>
        {t(replay.stopped ? 'replay.stopped' : isOver ? 'replay.over' : 'replay.running')}: {done}
      </Text>
      {outcomes
        .filter((outcome) => replay.outcomes[outcome] > 0)
        .map((outcome) => ` · ${t(`outcome.${outcome}`)}: ${count(replay.outcomes[outcome])}`)}
      {replay.stopped && left > 0 && ` · ${t('replay.notSent', { count: left, n: count(left) })}`}
      {mayWrite && !isOver && (
        <Button ml="xs" size="compact-xs" variant="default" loading={stop.isPending} onClick={() => stop.mutate()}>
          {t('replay.stop')}
        </Button>
      )}
    </>
  )
}
