import { isUnserved } from './problem.ts'

/** Interval of a query that is read again while its answer is open, or no server answers. */
export function pollWhile<Answer>(isOpen: (answer: Answer) => boolean, everyMs: number) {
  return ({ state: { data, error } }: { state: { data: Answer | undefined; error: unknown } }) =>
    isUnserved(error) || (data !== undefined && isOpen(data)) ? everyMs : false
}
