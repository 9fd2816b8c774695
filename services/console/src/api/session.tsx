import { useQueryClient } from '@tanstack/react-query'
import { createContext, type PropsWithChildren, useCallback, useContext, useEffect, useMemo, useState } from 'react'
import { holds, type Permission } from '../../../domain/api/permissions.ts'
import { nowMs } from '../clock.ts'
import { ApiClient } from './client.ts'
import { ApiProblem } from './problem.ts'
import type { SessionView } from './types.ts'

export type Phase =
  | { kind: 'asking' }
  | { kind: 'failed'; problem: unknown }
  | { kind: 'signed-out'; login: 'oidc' | 'none' }
  /** A session that has ended. Pages stay as they are, so that no form loses its contents. */
  | { kind: 'ended'; session: SessionView; login: 'oidc' | 'none' }
  | { kind: 'signed-in'; session: SessionView }

type SessionState = {
  phase: Phase
  api: ApiClient
  /** Exchanges a one-time token for a session. @throws ApiProblem */
  signIn(token: string): Promise<void>
  signOut(): Promise<void>
  /** Asks again for the session, after a failure. */
  retry(): Promise<void>
}

const Context = createContext<SessionState | null>(null)
/** Longest delay that a browser's timer accepts. */
const longestTimerMs = 2 ** 31 - 1

export function SessionProvider({ children }: PropsWithChildren) {
  const queries = useQueryClient()
  const [phase, setPhase] = useState<Phase>({ kind: 'asking' })

  const api = useMemo(
    () =>
      new ApiClient(({ body }) => {
        setPhase((before) => {
          const login = body.login ?? ('login' in before ? before.login : 'none')
          return before.kind === 'signed-in' || before.kind === 'ended'
            ? { kind: 'ended', session: before.session, login }
            : { kind: 'signed-out', login }
        })
      }),
    [],
  )

  const begin = useCallback(
    (session: SessionView) => {
      api.csrfToken = session.csrfToken ?? ''
      setPhase({ kind: 'signed-in', session })
    },
    [api],
  )

  const ask = useCallback(async () => {
    // A failure stays until there is an answer.
    setPhase((before) => (before.kind === 'failed' ? before : { kind: 'asking' }))
    try {
      begin(await api.call('getSession', {}))
    } catch (problem: unknown) {
      if (!(problem instanceof ApiProblem && problem.status === 401)) setPhase({ kind: 'failed', problem })
    }
  }, [api, begin])

  // A one-time link signs in by itself. Asking for the session first would show another page for a moment.
  useEffect(() => {
    if (window.location.pathname === '/login' && window.location.hash.length > 1)
      setPhase({ kind: 'signed-out', login: 'none' })
    else void ask()
  }, [ask])

  useEndOfSession(phase, api)

  const signIn = useCallback(
    async (token: string) => {
      begin(await api.call('beginSession', { body: { token } }))
      await queries.invalidateQueries()
    },
    [api, begin, queries],
  )
  const signOut = useCallback(async () => {
    await api.call('endSession', {})
    queries.clear()
    sessionStorage.clear()
    await ask()
  }, [api, queries, ask])

  const state = useMemo(() => ({ phase, api, signIn, signOut, retry: ask }), [phase, api, signIn, signOut, ask])
  return <Context value={state}>{children}</Context>
}

/** Asks for the session when it should have ended. The 401 shows the end before the viewer clicks something. */
function useEndOfSession(phase: Phase, api: ApiClient): void {
  const expiresAt = phase.kind === 'signed-in' ? phase.session.expiresAt : null
  useEffect(() => {
    if (expiresAt === null) return
    const inMs = Date.parse(expiresAt) - nowMs() + 1_000
    if (!(inMs < longestTimerMs)) return
    // The client reports the 401 to onSignedOut.
    const timer = setTimeout(() => void api.call('getSession', {}).catch(() => undefined), Math.max(inMs, 1_000))
    return () => clearTimeout(timer)
  }, [expiresAt, api])
}

export function useSessionState(): SessionState {
  const state = useContext(Context)
  if (state === null) throw new Error('no SessionProvider')
  return state
}

export function useApi(): ApiClient {
  return useSessionState().api
}

/** The session, for pages that only signed-in people see. */
export function useSession(): SessionView {
  const { phase } = useSessionState()
  if (phase.kind !== 'signed-in' && phase.kind !== 'ended') throw new Error('nobody is signed in')
  return phase.session
}

export function useMay(permission: Permission): boolean {
  return holds(useSession(), permission)
}
