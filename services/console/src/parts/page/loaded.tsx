import { useQuery } from '@tanstack/react-query'
import type { ComponentType } from 'react'
import { ApiProblem, noAnswerInTime } from '../../api/problem.ts'
import { reloadIfServed } from '../../reload.ts'
import { Failure } from './failure.tsx'
import { PageSkeleton } from './page-skeleton.tsx'

/** Long enough for the largest file, 100 KB, over a slow line. */
const limitMs = 30_000

function late(): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new ApiProblem({ status: noAnswerInTime })), limitMs)
  })
}

/**
 * A part of the console whose file is loaded when it is shown. Unlike with React.lazy, a failure is shown in its place, for
 * instance without a network.
 * @param name unique.
 * @param rows outline that is shown meanwhile; nothing if it is empty.
 */
export function loaded<Props extends object>(
  name: string,
  load: () => Promise<{ default: ComponentType<Props> }>,
  rows?: number[],
): ComponentType<Props> {
  return function Loaded(props: Props) {
    const { data, error } = useQuery({
      queryKey: ['file', name],
      queryFn: () =>
        Promise.race([load(), late()]).catch((reason: unknown) => {
          throw reason instanceof ApiProblem ? reason : new ApiProblem({ status: 0, detail: String(reason) })
        }),
      staleTime: 'static',
      gcTime: Number.POSITIVE_INFINITY,
      // A browser may remember that a module failed, and Vite does remember it of styles: only a new page asks for them again.
      retry: false,
      retryOnMount: false,
      refetchOnReconnect: false,
      refetchInterval: false,
    })
    if (data) return <data.default {...props} />
    if (error) return <Failure error={error} onRetry={() => void reloadIfServed()} />
    return rows?.length === 0 ? null : <PageSkeleton rows={rows} />
  }
}
