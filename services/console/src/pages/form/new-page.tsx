import { Title } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate, useParams } from 'react-router'
import { keys } from '../../api/keys.ts'
import { useApi } from '../../api/session.tsx'
import type { WebhookWithSecret } from '../../api/types.ts'
import { usePageTitle } from '../../parts/page/use-page-title.ts'
import { SecretDialog } from '../../parts/requests/secret-dialog.tsx'
import { useNotices } from '../../parts/texts/notices.ts'
import { listPath, pagePath } from '../webhook/page-path.ts'
import { emptyValues, toDraft, type Values } from './fields.ts'
import { draftKey, forgetDraft } from './kept-draft.ts'
import { useWebhookForm } from './use-webhook-form.ts'
import { WebhookForm } from './webhook-form.tsx'

export default function NewPage() {
  const { t } = useTranslation()
  const { businessId = '' } = useParams()
  const api = useApi()
  const notices = useNotices()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const key = draftKey(businessId)
  const state = useWebhookForm(key, emptyValues)
  const [made, setMade] = useState<WebhookWithSecret | null>(null)
  usePageTitle(t('form.newTitle'))
  const create = useMutation({
    mutationFn: (values: Values) =>
      api.call('createWebhook', {
        path: { businessId },
        query: { moveChannels: state.moving },
        body: toDraft(values),
      }),
    onSuccess: (webhook) => {
      forgetDraft(key)
      setMade(webhook)
      void queries.invalidateQueries({ queryKey: keys.webhooks(businessId) })
    },
    onError: (error) => {
      if (!state.showRefusal(error)) notices.failed(error)
    },
  })
  return (
    <>
      <Title order={1} size="h2" mb="md">
        {t('form.newTitle')}
      </Title>
      <WebhookForm
        state={state}
        businessId={businessId}
        busy={create.isPending}
        action={t('form.create')}
        backTo={listPath(businessId)}
        onSave={(values) => create.mutate(values)}
      />
      <SecretDialog
        secret={made?.secret ?? null}
        onClose={() => made && void navigate(pagePath({ businessId, id: made.id }), { replace: true })}
      />
    </>
  )
}
