import { Alert, Button, Stack, Text } from '@mantine/core'
import { IconAlertCircle } from '@tabler/icons-react'
import { useTranslation } from 'react-i18next'
import { useProblemReason, useProblemText } from '../texts/problem-text.ts'

/** Stands in for content that could not be loaded. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation()
  const toText = useProblemText()
  const { text, isEnglish } = useProblemReason()(error)
  return (
    <Alert color="red" variant="outline" icon={<IconAlertCircle aria-hidden />} title={t('failure.title')} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{toText(error)}</Text>
        {text !== '' && (
          <Text size="sm" c="dimmed" lang={isEnglish ? 'en' : undefined}>
            {text}
          </Text>
        )}
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {t('failure.retry')}
          </Button>
        )}
      </Stack>
    </Alert>
  )
}
