import type { LocalAddress } from '../../services/cli/connection/local-address.ts'
import { run } from '../../services/cli/program.ts'
import type { Terminal } from '../../services/cli/terminal.ts'
import { systemClock } from '../../services/platform/runtime/clock.ts'

type Ran = { exitCode: number; out: string; err: string }

type RunOptions = {
  /** Files, by the names that the arguments use. */
  files?: Record<string, string>
  /** Ends a verb that follows. */
  interrupted?: AbortSignal
  /** Receives results as they are written. */
  onOut?: (text: string) => void
  /** The same for progress and problems. */
  onErr?: (text: string) => void
}

export type CommandLine = (args: string[], options?: RunOptions) => Promise<Ran>

/**
 * The operators' command line within this process. @param env its variables; those of this process are not passed on.
 */
export function commandLine(env: NodeJS.ProcessEnv, local: LocalAddress | null = null): CommandLine {
  return async (args, { files = {}, interrupted = new AbortController().signal, onOut, onErr } = {}) => {
    let out = ''
    let err = ''
    const terminal: Terminal = {
      out: (text) => {
        out += text
        onOut?.(text)
      },
      err: (text) => {
        err += text
        onErr?.(text)
      },
      colours: false,
      interactive: false,
      env,
      read: async (path) => {
        const text = files[path]
        if (text === undefined) throw new Error('no such file')
        return text
      },
      clock: systemClock,
      interrupted,
    }
    const exitCode = await run(args, terminal, async () => local)
    return { exitCode, out, err }
  }
}
