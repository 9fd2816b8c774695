import { useTranslation } from 'react-i18next'
import type { FoundNotification } from '../../api/types.ts'

/** Content of an event in one line: `User: "Quiero 2 medialunas"`, `Read: m-12`. */
export function useWhatText(): (one: Pick<FoundNotification, 'status' | 'from' | 'text' | 'messageIds'>) => string {
  const { t } = useTranslation()
  return ({ status, from, text, messageIds }) => {
    if (status !== null) return `${t(`statusWord.${status}`)}: ${messageIds[0] ?? ''}`
    if (from === null) return t('find.variables')
    return text === null ? t(`author.${from}`) : `${t(`author.${from}`)}: ${text}`
  }
}
