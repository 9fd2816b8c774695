import { Button, Group, Select, Stack, TagsInput, Text } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { keys } from '../../api/keys.ts'
import { ApiProblem } from '../../api/problem.ts'
import { useApi, useMay } from '../../api/session.tsx'
import type { Account } from '../../api/types.ts'
import { type Language, languageNames, languages } from '../../i18n/languages.ts'
import { Card } from '../../parts/page/card.tsx'
import { useNotices } from '../../parts/texts/notices.ts'
import { useRefusalText } from '../../parts/texts/refusal-text.ts'
import { TestAlert } from './test-alert.tsx'

type Addresses = NonNullable<Account['alerts']>

const maxAddresses = 10

/** Where the business is told of trouble with its webhooks. */
export function AlertAddresses({ businessId, account }: { businessId: string; account: Account }) {
  const { t } = useTranslation()
  const mayChange = useMay('account:write')
  const stored = { emails: [], urls: [], ...account.alerts }
  const [edited, setEdited] = useState<Addresses | null>(null)
  const addresses = edited ?? stored
  const save = useSave(businessId, account, () => setEdited(null))
  const problemOf = useListProblem(save.error, save.variables ?? addresses)
  const set = (changes: Partial<Addresses>) => setEdited({ ...addresses, ...changes })
  const count = stored.emails.length + stored.urls.length
  return (
    <Card title={t('alerts.addresses')}>
      <Stack gap="sm">
        <Text size="sm">{t('alerts.addressesText')}</Text>
        <TagsInput
          label={t('alerts.emails')}
          description={t('alerts.emailsHelp')}
          error={problemOf('emails')}
          {...tags(t('alerts.remove'))}
          disabled={!mayChange}
          value={addresses.emails}
          onChange={(emails) => set({ emails })}
        />
        <TagsInput
          label={t('alerts.urls')}
          description={t('alerts.urlsHelp')}
          error={problemOf('urls')}
          {...tags(t('alerts.remove'))}
          disabled={!mayChange}
          value={addresses.urls}
          onChange={(urls) => set({ urls })}
        />
        <Select
          label={t('alerts.language')}
          disabled={!mayChange}
          clearable
          clearButtonProps={{ 'aria-label': t('alerts.remove') }}
          placeholder={t('alerts.defaultLanguage')}
          data={languages.map((value) => ({ value, label: languageNames[value] }))}
          value={addresses.language ?? null}
          onChange={(language) => {
            const { language: _before, ...rest } = addresses
            setEdited(language === null ? rest : { ...rest, language: language as Language })
          }}
        />
        {mayChange && (
          <Group>
            <Button disabled={edited === null} loading={save.isPending} onClick={() => save.mutate(addresses)}>
              {t('alerts.save')}
            </Button>
            {edited !== null && (
              <Button variant="default" onClick={() => setEdited(null)}>
                {t('cancel')}
              </Button>
            )}
            {edited === null && count > 0 && <TestAlert businessId={businessId} />}
          </Group>
        )}
      </Stack>
    </Card>
  )
}

function tags(remove: string) {
  return {
    maxTags: maxAddresses,
    splitChars: [',', ';', ' '],
    acceptValueOnBlur: true,
    clearButtonProps: { 'aria-label': remove },
  }
}

function useSave(businessId: string, { webhooksEnabled }: Account, onSaved: () => void) {
  const { t } = useTranslation()
  const api = useApi()
  const notices = useNotices()
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (alerts: Addresses) =>
      api.call('putAccount', { path: { businessId }, body: { webhooksEnabled, alerts } }),
    onSuccess: (changed) => {
      queries.setQueryData(keys.account(businessId), changed)
      notices.done(t('alerts.saved'))
      onSaved()
    },
    onError: notices.failed,
  })
}

/** The server's problems with one of the lists, with the address that is meant. */
function useListProblem(error: unknown, { emails, urls }: Addresses) {
  const toText = useRefusalText()
  const errors = error instanceof ApiProblem ? (error.body.errors ?? []) : []
  return (list: 'emails' | 'urls'): string | undefined => {
    const texts = errors.flatMap((refused) => {
      const [, of, index] = refused.field.split('.')
      if (of !== list) return []
      const address = (list === 'emails' ? emails : urls)?.[Number(index ?? -1)]
      return [address === undefined ? toText(refused) : `${address}: ${toText(refused)}`]
    })
    return texts.length === 0 ? undefined : texts.join(' ')
  }
}
