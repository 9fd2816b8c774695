import { Skeleton, Stack, VisuallyHidden } from '@mantine/core'
import { useTranslation } from 'react-i18next'

const heights = [32, 110, 110, 110]

/** Outline of a page while it loads. */
export function PageSkeleton({ rows = heights }: { rows?: number[] }) {
  const { t } = useTranslation()
  return (
    <Stack p="md" gap="md" role="status" aria-busy>
      <VisuallyHidden>{t('loading')}</VisuallyHidden>
      {rows.map((height, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the rows are identical and never move.
        <Skeleton key={index} height={height} radius="md" />
      ))}
    </Stack>
  )
}
