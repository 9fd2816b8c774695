import { Badge, Tabs } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { useNavigate, useParams } from 'react-router'
import { ApiProblem } from '../../api/problem.ts'
import { statsQuery, webhookQuery } from '../../api/queries.ts'
import { useApi } from '../../api/session.tsx'
import { useFormats } from '../../format/use-formats.ts'
import { Failure } from '../../parts/page/failure.tsx'
import { loaded } from '../../parts/page/loaded.tsx'
import { PageSkeleton } from '../../parts/page/page-skeleton.tsx'
import { usePageTitle } from '../../parts/page/use-page-title.ts'
import { MaskedNote } from '../../parts/texts/masked-note.tsx'
import { FirstEvent } from './banners/first-event.tsx'
import { StateBanner } from './banners/state-banner.tsx'
import { Gone } from './gone.tsx'
import { Overview } from './overview/overview.tsx'
import { pagePath } from './page-path.ts'
import { ReplayProgress } from './replays/replay-progress.tsx'
import { Settings } from './settings/settings.tsx'
import { TopBar } from './top-bar.tsx'
import { usePlace } from './use-place.ts'
import { useShownTab } from './use-shown-tab.ts'
import classes from './webhook-page.module.css'

const outline = [200, 120]
const Attempts = loaded('attempts', () => import('./attempts/attempts.tsx'), outline)
const ErrorLog = loaded('error-log', () => import('./errors/error-log.tsx'), outline)
const History = loaded('history', () => import('./history/history.tsx'), outline)
const ReplayHistory = loaded('replay-history', () => import('./replays/replay-history.tsx'), outline)
const DeadLetters = loaded('dead-letters', () => import('./attempts/dead-letters.tsx'), outline)

const tabs = ['overview', 'attempts', 'errors', 'dead-letters', 'replays', 'settings', 'history'] as const
type Tab = (typeof tabs)[number]
/** Tabs with contacts or answers in them. */
const personalTabs: readonly Tab[] = ['attempts', 'errors', 'dead-letters']

/** Page of one webhook: its state, figures, lists and actions. */
export default function WebhookPage() {
  const { t } = useTranslation()
  const place = usePlace()
  const navigate = useNavigate()
  const { count } = useFormats()
  const api = useApi()
  const params = useParams()
  const tab: Tab = tabs.find((one) => one === params.tab) ?? 'overview'
  const { data: webhook, error, refetch } = useQuery(webhookQuery(api, place.businessId, place.id))
  const stats = useQuery(statsQuery(api, place.businessId, place.id))
  usePageTitle(webhook?.name ?? t('list.title'))
  const list = useShownTab(tab, webhook !== undefined)

  if (error instanceof ApiProblem && error.status === 404) return <Gone />
  if (error && !webhook) return <Failure error={error} onRetry={() => void refetch()} />
  if (!webhook) return <PageSkeleton rows={[44, 36, 280, 120]} />
  // The statistics are refreshed more often than the definition, and they include the status.
  const status = stats.data?.status ?? webhook.status
  const { undelivered } = status
  return (
    <>
      <TopBar webhook={webhook} state={status.state} />
      <StateBanner webhook={webhook} status={status} />
      {/* No attempt has been counted yet; tests are not. */}
      {status.state === 'idle' && stats.data?.updatedAt === null && <FirstEvent webhook={webhook} />}
      <ReplayProgress webhook={webhook} />
      <Tabs
        mt="md"
        value={tab}
        onChange={(next) => void navigate(pagePath(place, next === 'overview' ? '' : (next ?? '')))}
        keepMounted={false}
      >
        <Tabs.List ref={list} className={classes.tabs} mb="md" aria-label={t('webhook.parts')}>
          {tabs.map((one) => (
            <Tabs.Tab
              key={one}
              value={one}
              rightSection={
                one === 'dead-letters' && undelivered > 0 && <Badge variant="default">{count(undelivered)}</Badge>
              }
            >
              {t(`webhook.tabs.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {personalTabs.includes(tab) && <MaskedNote />}
        <Tabs.Panel value="overview">
          <Overview webhook={webhook} stats={stats.data} error={stats.error} onRetry={() => void stats.refetch()} />
        </Tabs.Panel>
        <Tabs.Panel value="attempts">
          <Attempts webhook={webhook} />
        </Tabs.Panel>
        <Tabs.Panel value="errors">
          <ErrorLog webhook={webhook} />
        </Tabs.Panel>
        <Tabs.Panel value="dead-letters">
          <DeadLetters webhook={webhook} undelivered={undelivered} />
        </Tabs.Panel>
        <Tabs.Panel value="replays">
          <ReplayHistory webhook={webhook} />
        </Tabs.Panel>
        <Tabs.Panel value="settings">
          <Settings webhook={webhook} />
        </Tabs.Panel>
        <Tabs.Panel value="history">
          <History webhook={webhook} />
        </Tabs.Panel>
      </Tabs>
    </>
  )
}
