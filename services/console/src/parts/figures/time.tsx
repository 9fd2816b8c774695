import { useFormats } from '../../format/use-formats.ts'

/** Date and time in the viewer's zone. @param exact with milliseconds, for lists whose rows follow each other fast. */
export function Time({ at, exact = false }: { at: string; exact?: boolean }) {
  const { time, timeMs } = useFormats()
  return <time dateTime={at}>{(exact ? timeMs : time)(at)}</time>
}
