import { Table, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Link } from 'react-router'
import type { FoundNotification } from '../../api/types.ts'
import { DataTable } from '../../parts/figures/data-table.tsx'
import tableClasses from '../../parts/figures/table.module.css'
import { Time } from '../../parts/figures/time.tsx'
import { FateBadge, useFateReason } from '../../parts/states/fate-badge.tsx'
import { useCauseText } from '../../parts/texts/cause-text.ts'
import { useWhatText } from '../../parts/texts/what-text.ts'
import { notificationPath, type OpenedFrom } from './find-paths.ts'

type Props = {
  businessId: string
  /** Query of the search. */
  search: string
  found: FoundNotification[]
}

/** Found notifications; a row leads to the notification's own page. */
export function FoundTable({ businessId, search, found }: Props) {
  const { t } = useTranslation()
  const toWhat = useWhatText()
  const toReason = useFateReason()
  const toCause = useCauseText()
  return (
    <DataTable
      label={t('find.results')}
      columns={[t('attempts.at'), t('attempts.contact'), t('find.what'), t('find.webhook'), t('find.fate')]}
    >
      {found.map((one) => {
        const answer = one.fate === 'delivered' ? null : (one.responseStatus ?? one.cause)
        const why = [toReason(one), answer === null ? '' : toCause(answer)].filter(Boolean).join(' · ')
        return (
          <Table.Tr key={one.id}>
            <Table.Td data-label={t('attempts.at')}>
              <Link
                className={tableClasses.open}
                to={notificationPath(businessId, one.id)}
                state={{ search } satisfies OpenedFrom}
              >
                <Time at={one.at} />
              </Link>
            </Table.Td>
            <Table.Td data-label={t('attempts.contact')}>
              {one.contactId}
              {one.contactName !== null && (
                <Text size="xs" c="dimmed">
                  {one.contactName}
                </Text>
              )}
            </Table.Td>
            <Table.Td data-label={t('find.what')}>
              <Text size="sm" lineClamp={2}>
                {toWhat(one)}
              </Text>
            </Table.Td>
            <Table.Td data-label={t('find.webhook')}>{one.webhookName ?? '–'}</Table.Td>
            <Table.Td data-label={t('find.fate')}>
              <FateBadge fate={one.fate} />
              {why !== '' && (
                <Text size="xs" c="dimmed" mt={2}>
                  {why}
                </Text>
              )}
            </Table.Td>
          </Table.Tr>
        )
      })}
    </DataTable>
  )
}
