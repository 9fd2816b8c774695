import { Button, Group, TextInput } from '@mantine/core'
import { IconBuildingStore } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Navigate, useNavigate } from 'react-router'
import { businessesQuery } from '../api/queries.ts'
import { useApi, useSession } from '../api/session.tsx'
import { Empty } from '../parts/page/empty.tsx'
import { Failure } from '../parts/page/failure.tsx'
import { PageSkeleton } from '../parts/page/page-skeleton.tsx'
import { Standalone } from '../parts/page/standalone.tsx'

/** Redirects to the viewer's business. Those who may access all of them start at the one with the most webhooks. */
export function StartPage() {
  const { businessId } = useSession()
  return businessId === '*' ? <FirstBusiness /> : <Navigate to={toPath(businessId)} replace />
}

function FirstBusiness() {
  const { data, error, refetch } = useQuery(businessesQuery(useApi()))
  if (error && !data)
    return (
      <Standalone>
        <Failure error={error} onRetry={() => void refetch()} />
      </Standalone>
    )
  if (!data) return <PageSkeleton />
  const first = data.toSorted((a, b) => b.webhooks - a.webhooks)[0]
  return first ? <Navigate to={toPath(first.businessId)} replace /> : <NoBusiness />
}

function NoBusiness() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [wanted, setWanted] = useState('')
  const go = (event: FormEvent) => {
    event.preventDefault()
    if (wanted.trim() !== '') void navigate(toPath(wanted.trim()))
  }
  return (
    <main>
      <Empty icon={<IconBuildingStore size={40} aria-hidden />} title={t('start.title')} text={t('start.text')}>
        <form onSubmit={go}>
          <Group align="flex-end">
            <TextInput label={t('shell.business')} value={wanted} onChange={(event) => setWanted(event.target.value)} />
            <Button type="submit">{t('start.go')}</Button>
          </Group>
        </form>
      </Empty>
    </main>
  )
}

function toPath(businessId: string): string {
  return `/b/${encodeURIComponent(businessId)}/webhooks`
}
