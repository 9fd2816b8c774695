import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { readable } from '../../format/format.ts'
import { CodeBlock } from './code-block.tsx'

type Props = { status: number | null; excerpt: string | null }

/** The stored part of a receiver's response. Without a response the excerpt says why. */
export function Answer({ status, excerpt }: Props) {
  const { t } = useTranslation()
  if (status !== null && excerpt !== null) return <CodeBlock label={t('attempt.answer')} text={readable(excerpt)} />
  return <Text size="sm">{status === null ? (excerpt ?? t('attempt.noAnswer')) : t('attempt.notKept')}</Text>
}
