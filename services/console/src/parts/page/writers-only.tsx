import { Text, Title } from '@mantine/core'
import type { PropsWithChildren } from 'react'
import { useTranslation } from 'react-i18next'
import { useMay } from '../../api/session.tsx'

/** A page for people who may change webhooks. Others are told so, instead of filling in a form that would be refused. */
export function WritersOnly({ title, children }: PropsWithChildren<{ title: string }>) {
  const { t } = useTranslation()
  if (useMay('webhooks:write')) return children
  return (
    <>
      <Title order={1} size="h2" mb="md">
        {title}
      </Title>
      <Text>{t('failure.403')}</Text>
    </>
  )
}
