import { type ComponentType, type LazyExoticComponent, lazy, Suspense } from 'react'
import { Navigate, Route, Routes } from 'react-router'
import { useSessionState } from './api/session.tsx'
import { Shell } from './layout/shell.tsx'
import { StartPage } from './layout/start-page.tsx'
import { LoginPage } from './pages/login/login-page.tsx'
import { NotFoundPage } from './pages/not-found-page.tsx'
import { ListPage } from './pages/webhook-list/list-page.tsx'
import { Failure } from './parts/page/failure.tsx'
import { PageSkeleton } from './parts/page/page-skeleton.tsx'

// The list is the first page of most visits. All other pages are loaded when they are opened.
const NewPage = lazy(() => import('./pages/form/new-page.tsx'))
const EditPage = lazy(() => import('./pages/form/edit-page.tsx'))
const WebhookPage = lazy(() => import('./pages/webhook/webhook-page.tsx'))
const AccountPage = lazy(() => import('./pages/account/account-page.tsx'))
const OverviewPage = lazy(() => import('./pages/overview/overview-page.tsx'))
const FindPage = lazy(() => import('./pages/find/find-page.tsx'))
const NotificationPage = lazy(() => import('./pages/notification/notification-page.tsx'))
const ConversationPage = lazy(() => import('./pages/conversation/conversation-page.tsx'))
const AuditPage = lazy(() => import('./pages/audit/audit-page.tsx'))

export function Pages() {
  const { phase, retry } = useSessionState()
  switch (phase.kind) {
    case 'asking':
      return <PageSkeleton />
    case 'failed':
      return <Failure error={phase.problem} onRetry={retry} />
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
            <Route path="webhooks/new" element={loaded(NewPage)} />
            <Route path="webhooks/:id/edit" element={loaded(EditPage)} />
            <Route path="webhooks/:id/:tab?" element={loaded(WebhookPage)} />
            <Route path="account" element={loaded(AccountPage)} />
            <Route path="overview" element={loaded(OverviewPage)} />
            <Route path="find" element={loaded(FindPage)} />
            <Route path="notifications/:notificationId" element={loaded(NotificationPage)} />
            <Route path="contacts/:contactId" element={loaded(ConversationPage)} />
            <Route path="audit" element={loaded(AuditPage)} />
            <Route path="*" element={<NotFoundPage />} />
          </Route>
          <Route path="*" element={<NotFoundPage />} />
        </Routes>
      )
  }
}

function loaded(Page: LazyExoticComponent<ComponentType>) {
  return (
    <Suspense fallback={<PageSkeleton />}>
      <Page />
    </Suspense>
  )
}
