import { Group, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { TestResult } from '../../api/types.ts'
import { useFormats } from '../../format/use-formats.ts'
import { Answer } from '../requests/answer.tsx'
import { CodeBlock } from '../requests/code-block.tsx'
import { RequestBlocks } from '../requests/request-blocks.tsx'
import { OutcomeBadge } from '../states/outcome-badge.tsx'

/** Result of a test: outcome, time, response and request. */
export function TestAnswer({ result }: { result: TestResult }) {
  const { t } = useTranslation()
  const { duration } = useFormats()
  const { outcome, cause, response, detail, request } = result
  return (
    <Stack gap="sm" role="status">
      <Group gap="sm">
        <OutcomeBadge outcome={outcome} detail={response?.status ?? cause} />
        {response && <Text size="sm">{t('test.took', { time: duration(response.latencyMs) })}</Text>}
      </Group>
      {response?.headers != null && <CodeBlock label={t('test.answerHeaders')} text={response.headers} />}
      <Answer status={response?.status ?? null} excerpt={response ? (response.excerpt ?? '') : detail} />
      <RequestBlocks request={request} title={t('attempt.request')} />
    </Stack>
  )
}
