import { Button, Group } from '@mantine/core'

/** A message with a button that undoes what it reports. */
export function UndoMessage({ message, label, onUndo }: { message: string; label: string; onUndo: () => void }) {
  return (
    <Group justify="space-between" wrap="nowrap">
      {message}
      <Button size="compact-sm" variant="light" onClick={onUndo}>
        {label}
      </Button>
    </Group>
  )
}
