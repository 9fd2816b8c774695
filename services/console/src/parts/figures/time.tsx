import { useFormats } from '../../format/use-formats.ts'

/** A moment in the viewer's zone. */
export function Time({ at }: { at: string }) {
  const { time } = useFormats()
  return <time dateTime={at}>{time(at)}</time>
}
