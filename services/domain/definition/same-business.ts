/**
 * Whether both belong to one business, as far as is known: records of earlier versions name none, and there is none for
 * a webhook without a definition.
 */
export function isSameBusiness(one: string | null | undefined, other: string | null | undefined): boolean {
  return one == null || other == null || one === other
}
