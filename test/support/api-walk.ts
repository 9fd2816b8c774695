import type { Operation } from './api-operations.ts'

/** Values for the parameters of paths. A parameter without any fails the walk, so that a new route cannot be left out. */
export type WalkTargets = Record<string, string[]>

export type WalkOptions = {
  headers: Record<string, string>
  targets: WalkTargets
  /** Query strings of an operation, each tried; none if it is not named. */
  queries?: Record<string, string[]>
  bodies?: Record<string, object>
  /** Reads an answer without an end up to this pattern. */
  streams?: Record<string, RegExp>
}

export type WalkedAnswer = { operationId: string; url: string; status: number; text: string }

/** Order of the requests: reads first, changes and removals last; parts of a thing before the thing itself. */
const order = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

/** Requests every operation with every combination of the values. @returns the answers as they came, headers included. */
export async function walkApi(
  adminUrl: string,
  operations: readonly Operation[],
  options: WalkOptions,
): Promise<WalkedAnswer[]> {
  const answers: WalkedAnswer[] = []
  const inOrder = operations.toSorted(
    (a, b) => order.indexOf(a.method) - order.indexOf(b.method) || b.path.length - a.path.length,
  )
  for (const operation of inOrder)
    for (const path of fillPath(operation.path, options.targets))
      for (const query of options.queries?.[operation.operationId] ?? [''])
        answers.push(await request(adminUrl + path + query, operation, options))
  return answers
}

function fillPath(path: string, targets: WalkTargets): string[] {
  const name = /\{(\w+)\}/.exec(path)?.[1]
  if (name === undefined) return [path]
  const values = targets[name]
  if (!values?.length) throw new Error(`no value for {${name}} of ${path}`)
  return values.flatMap((value) => fillPath(path.replace(`{${name}}`, encodeURIComponent(value)), targets))
}

async function request(
  url: string,
  { operationId, method }: Operation,
  { headers, bodies = {}, streams = {} }: WalkOptions,
): Promise<WalkedAnswer> {
  const body = method === 'GET' || method === 'DELETE' ? undefined : JSON.stringify(bodies[operationId] ?? {})
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  const init = { method, headers: { ...type, 'if-match': '*', ...headers }, ...(body !== undefined && { body }) }
  const leaving = new AbortController()
  const response = await fetch(url, { ...init, redirect: 'manual', signal: leaving.signal })
  const head = [...response.headers].map(([name, value]) => `${name}: ${value}\n`).join('')
  const end = streams[operationId]
  const text = end ? await readUntil(response, end) : await response.text()
  if (end) leaving.abort()
  return { operationId, url, status: response.status, text: `${head}\n${text}` }
}

async function readUntil(response: Response, end: RegExp): Promise<string> {
  let text = ''
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk
    if (end.test(text)) break
  }
  return text
}
