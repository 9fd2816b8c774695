import { useTranslation } from 'react-i18next'
import { Navigate, Route, Routes } from 'react-router'
import { useSessionState } from './api/session.tsx'
import { Shell } from './layout/shell.tsx'
import { StartPage } from './layout/start-page.tsx'
import { LoginPage } from './pages/login/login-page.tsx'
import { UnavailablePage } from './pages/login/unavailable-page.tsx'
import { NotFoundPage } from './pages/not-found-page.tsx'
import { ListPage } from './pages/webhook-list/list-page.tsx'
import { loaded } from './parts/page/loaded.tsx'
import { PageSkeleton } from './parts/page/page-skeleton.tsx'
import { WritersOnly } from './parts/page/writers-only.tsx'

// The list is the first page of most visits. All other pages are loaded when they are opened.
const NewPage = loaded('new-page', () => import('./pages/form/new-page.tsx'))
const EditPage = loaded('edit-page', () => import('./pages/form/edit-page.tsx'))
const WebhookPage = loaded('webhook-page', () => import('./pages/webhook/webhook-page.tsx'))
const AccountPage = loaded('account-page', () => import('./pages/account/account-page.tsx'))
const OverviewPage = loaded('overview-page', () => import('./pages/overview/overview-page.tsx'))
const FindPage = loaded('find-page', () => import('./pages/find/find-page.tsx'))
const NotificationPage = loaded('notification-page', () => import('./pages/notification/notification-page.tsx'))
const ConversationPage = loaded('conversation-page', () => import('./pages/conversation/conversation-page.tsx'))
const AuditPage = loaded('audit-page', () => import('./pages/audit/audit-page.tsx'))

export function Pages() {
  const { t } = useTranslation()
  const { phase, retry } = useSessionState()
  switch (phase.kind) {
    case 'asking':
      return <PageSkeleton />
    case 'failed':
      return <UnavailablePage error={phase.problem} onRetry={retry} />
    case 'signed-out':
      return <LoginPage login={phase.login} />
    case 'ended':
    case 'signed-in':
      return (
        <Routes>
          <Route path="/" element={<StartPage />} />
          <Route path="/login" element={<Navigate to="/" replace />} />
          <Route path="/b/:businessId" element={<Shell />}>
            <Route index element={<Navigate to="webhooks" replace />} />
            <Route path="webhooks" element={<ListPage />} />
            <Route
              path="webhooks/new"
              element={
                <WritersOnly title={t('form.newTitle')}>
                  <NewPage />
                </WritersOnly>
              }
            />
            <Route
              path="webhooks/:id/edit"
              element={
                <WritersOnly title={t('webhook.edit')}>
                  <EditPage />
                </WritersOnly>
              }
            />
            <Route path="webhooks/:id/:tab?" element={<WebhookPage />} />
            <Route path="account" element={<AccountPage />} />
            <Route path="overview" element={<OverviewPage />} />
            <Route path="find" element={<FindPage />} />
            <Route path="notifications/:notificationId" element={<NotificationPage />} />
            <Route path="contacts/:contactId" element={<ConversationPage />} />
            <Route path="audit" element={<AuditPage />} />
            <Route path="*" element={<NotFoundPage />} />
          </Route>
          <Route path="*" element={<NotFoundPage />} />
        </Routes>
      )
  }
}
