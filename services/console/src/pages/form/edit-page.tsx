import { Alert, Button, Text, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useNavigate } from 'react-router'
import { keys } from '../../api/keys.ts'
import { ApiProblem } from '../../api/problem.ts'
import { webhookQuery } from '../../api/queries.ts'
import { useApi } from '../../api/session.tsx'
import type { Webhook } from '../../api/types.ts'
import { Failure } from '../../parts/page/failure.tsx'
import { PageSkeleton } from '../../parts/page/page-skeleton.tsx'
import { usePageTitle } from '../../parts/page/use-page-title.ts'
import { useNotices } from '../../parts/texts/notices.ts'
import { useFieldName } from '../audit/changes.tsx'
import { Gone } from '../webhook/gone.tsx'
import { useRestoredVersion } from '../webhook/history/restored-version.ts'
import { pagePath } from '../webhook/page-path.ts'
import { usePlace } from '../webhook/use-place.ts'
import { listChanges, toValues, type Values } from './fields.ts'
import { draftKey, forgetDraft } from './kept-draft.ts'
import { useWebhookForm } from './use-webhook-form.ts'
import { WebhookForm } from './webhook-form.tsx'

export default function EditPage() {
  const { businessId, id } = usePlace()
  const { data, error, refetch } = useQuery(webhookQuery(useApi(), businessId, id))
  if (error instanceof ApiProblem && error.status === 404) return <Gone />
  if (error && !data) return <Failure error={error} onRetry={() => void refetch()} />
  return data ? <Editor webhook={data} /> : <PageSkeleton rows={[44, 300, 200]} />
}

/** @param webhook the current definition; the form started from the one that was current when the page was opened. */
function Editor({ webhook }: { webhook: Webhook }) {
  const { t } = useTranslation()
  const { businessId, id } = webhook
  const api = useApi()
  const notices = useNotices()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const key = draftKey(businessId, id)
  const [began] = useState(webhook)
  const [version, setVersion] = useState(webhook.version)
  const restored = useRestoredVersion(toValues(began))
  const fieldName = useFieldName()
  const state = useWebhookForm(key, toValues(began), restored?.values)
  usePageTitle(t('form.editTitle', { name: began.name }))
  const save = useMutation({
    mutationFn: (values: Values) =>
      api.call('patchWebhook', {
        path: { businessId, id },
        query: { moveChannels: state.moving },
        body: listChanges(began, values),
        version,
      }),
    onSuccess: async () => {
      forgetDraft(key)
      notices.done(t('form.saved'))
      await queries.invalidateQueries({ queryKey: keys.webhook(businessId, id) })
      void navigate(pagePath(webhook))
    },
    onError: (error) => {
      if (!state.showRefusal(error)) notices.failed(error)
      void queries.invalidateQueries({ queryKey: keys.webhook(businessId, id) })
    },
  })
  return (
    <>
      <Title order={1} size="h2" mb="md">
        {t('form.editTitle', { name: began.name })}
      </Title>
      <WebhookForm
        state={state}
        businessId={businessId}
        id={id}
        busy={save.isPending}
        action={t('form.save')}
        backTo={pagePath(webhook)}
        onSave={(values) => save.mutate(values)}
      >
        {restored && (
          <Alert color="blue" variant="outline" title={t('form.restoring', { version: restored.version })}>
            {t('form.restoringText')}{' '}
            {restored.left.length > 0 && t('form.restoringLeft', { fields: restored.left.map(fieldName).join(', ') })}
          </Alert>
        )}
        {webhook.version > version && !save.isPending && !save.isSuccess && (
          <Alert color="yellow" variant="outline" title={t('form.changedMeanwhile')}>
            <Text size="sm" mb="xs">
              {t('form.changedMeanwhileText')}
            </Text>
            <Button size="xs" variant="default" onClick={() => setVersion(webhook.version)}>
              {t('form.keepMine')}
            </Button>
          </Alert>
        )}
      </WebhookForm>
    </>
  )
}
