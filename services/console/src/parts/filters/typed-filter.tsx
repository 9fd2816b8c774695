import { TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useEffect, useState } from 'react'

const typingMs = 400

type Props = { label: string; value: string; onChange: (value: string) => void }

/** Text filter that is applied when typing pauses. */
export function TypedFilter({ label, value, onChange }: Props) {
  const [typed, setTyped] = useState(value)
  useEffect(() => setTyped(value), [value])
  const tell = useDebouncedCallback((text: string) => onChange(text.trim()), typingMs)
  return (
    <TextInput
      label={label}
      value={typed}
      onChange={(event) => {
        setTyped(event.target.value)
        tell(event.target.value)
      }}
    />
  )
}
