import { type Operations, requests } from './generated.ts'

export type UrlParts = {
  path?: Record<string, string>
  query?: Record<string, string | number | boolean | string[] | undefined> | undefined
}

/** URL of an operation. Empty query parameters are left out. */
export function buildUrl(name: keyof Operations, { path = {}, query = {} }: UrlParts): string {
  const url = requests[name][1].replaceAll(/\{(\w+)\}/g, (_all, part: string) => encodeURIComponent(path[part] ?? ''))
  const set = Object.entries(query).flatMap(([key, value]) =>
    value || value === false ? [value].flat().map((one): [string, string] => [key, String(one)]) : [],
  )
  return set.length === 0 ? url : `${url}?${new URLSearchParams(set)}`
}
