import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'

/**
 * Ends the given processes and removes a folder when this process is gone, however it went: Ctrl-C, crash or `kill -9`.
 * After an orderly stop, call `release`, which leaves everything as it is.
 */
export type Guard = {
  watch(child: ChildProcess): void
  release(): void
}

/**
 * A shell that waits for the end of its standard input, which the kernel closes when this process ends: the only notice that
 * even a SIGKILL gives. It needs no signal handlers, so it does not meddle with those of the program that uses the platform.
 */
const guardScript = `
pids=
while read -r verb pid; do
  case $verb in
    watch) pids="$pids $pid" ;;
    forget) rest=; for p in $pids; do [ "$p" = "$pid" ] || rest="$rest $p"; done; pids=$rest ;;
  esac
done
[ -z "$pids" ] || kill -KILL $pids 2>/dev/null
sleep 0.5
rm -rf "$1"
`

/** @param folder removed when this process ends without `release`. */
export function openGuard(folder: string): Guard {
  if (process.platform === 'win32') return openExitGuard()
  // A process group of its own, or a Ctrl-C would end it together with those it is to outlive.
  const shell = spawn('/bin/sh', ['-c', guardScript, 'hookline-guard', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  // Neither the shell nor the pipe to it is a reason to stay alive.
  shell.unref()
  if (shell.stdin instanceof Socket) shell.stdin.unref()
  // Writing to a guard that someone has killed must not end the program.
  shell.stdin.on('error', () => undefined)
  const note = (verb: string, pid: number) => {
    if (shell.stdin.writable) shell.stdin.write(`${verb} ${pid}\n`)
  }
  return {
    watch(child) {
      const { pid } = child
      if (pid === undefined) return
      note('watch', pid)
      child.once('exit', () => note('forget', pid))
    },
    release() {
      shell.kill('SIGKILL')
    },
  }
}

/** Windows has no such shell: at least an exit of this process, if not its violent end, ends the children. */
function openExitGuard(): Guard {
  const watched = new Set<ChildProcess>()
  const endAll = () => {
    for (const child of watched) child.kill('SIGKILL')
  }
  process.once('exit', endAll)
  return {
    watch(child) {
      watched.add(child)
      child.once('exit', () => watched.delete(child))
    },
    release() {
      process.off('exit', endAll)
    },
  }
}
