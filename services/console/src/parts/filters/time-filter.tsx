import { TextInput } from '@mantine/core'
import { fromLocalInput, toLocalInput } from '../../format/local-time.ts'

type Props = { label: string; value: string; onChange: (value: string) => void }

/** An end of a period, to the minute. @param value ISO 8601, as in the page's address; anything else is shown as empty. */
export function TimeFilter({ label, value, onChange }: Props) {
  const atMs = Date.parse(value)
  return (
    <TextInput
      type="datetime-local"
      label={label}
      value={Number.isNaN(atMs) ? '' : toLocalInput(atMs)}
      onChange={(event) => onChange(fromLocalInput(event.target.value) ?? '')}
    />
  )
}
