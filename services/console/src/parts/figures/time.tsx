import { useFormats } from '../../format/use-formats.ts'

/** Date and time in the viewer's zone. */
export function Time({ at }: { at: string }) {
  const { time } = useFormats()
  return <time dateTime={at}>{time(at)}</time>
}
