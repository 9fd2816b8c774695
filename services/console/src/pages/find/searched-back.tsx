import { Button, Group, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { useFormats } from '../../format/use-formats.ts'

/** The time back to which a search has looked, and a button that continues it. */
export function SearchedBack({
  to,
  hasMore,
  isLoading,
  onMore,
  announced = false,
}: {
  to: string
  hasMore: boolean
  isLoading: boolean
  onMore: () => void
  /** Whether screen readers announce the time when it changes. */
  announced?: boolean
}) {
  const { t } = useTranslation()
  const { time } = useFormats()
  return (
    <Group gap="sm">
      <Text size="sm" c="dimmed" {...(announced && { role: 'status' })}>
        {t('find.searchedBack', { time: time(to) })}
      </Text>
      {hasMore && (
        <Button variant="default" loading={isLoading} onClick={onMore}>
          {t('find.further')}
        </Button>
      )}
    </Group>
  )
}
