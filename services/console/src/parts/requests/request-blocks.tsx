import { Stack, Text, Title } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { SentRequest } from '../../api/types.ts'
import { readable } from '../../format/format.ts'
import { CodeBlock } from './code-block.tsx'

/** A request: first line, headers, body. The API itself replaces secret values by ***. */
export function RequestBlocks({ request, title }: { request: SentRequest; title: string }) {
  const { t } = useTranslation()
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`)
  return (
    <Stack gap="xs">
      <Title order={3} size="h6">
        {title}
      </Title>
      <Text size="sm" ff="monospace">
        {request.method} {request.url ?? ''}
      </Text>
      <CodeBlock label={t('attempt.headers')} text={headers.join('\n')} />
      {request.body === null ? (
        <Text size="sm" c="dimmed">
          {t('attempt.bodyGone')}
        </Text>
      ) : (
        <CodeBlock label={t('attempt.body')} text={readable(request.body)} />
      )}
    </Stack>
  )
}
