import { useTranslation } from 'react-i18next'

/** Causes with a text. The others, such as 5xx or a status, need no translation. */
const known = ['breaker', 'address', 'expired', 'superseded', 'joined', 'timeout', 'dns', 'connect', 'tls'] as const

export function useCauseText(): (cause: string | number) => string {
  const { t } = useTranslation()
  return (cause) => {
    const word = known.find((one) => one === cause)
    return word === undefined ? String(cause) : t(`cause.${word}`)
  }
}
