import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'

/**
 * Ends the given processes and removes a folder once this process has ended in any way: Ctrl-C, crash or `kill -9`.
 * After an orderly stop, `release` cancels that.
 */
export type Guard = {
  watch(child: ChildProcess): void
  release(): void
}

/**
 * A shell that waits for the end of its standard input, which the kernel closes when this process ends. This works even
 * for SIGKILL, and needs no signal handlers that could interfere with the program's own.
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

/** @param folder removed if this process ends without `release`. */
export function openGuard(folder: string): Guard {
  if (process.platform === 'win32') return openExitGuard()
  // Runs in its own process group: otherwise a Ctrl-C would end it together with the processes it has to end.
  const shell = spawn('/bin/sh', ['-c', guardScript, 'hookline-guard', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  // The shell and its pipe do not keep this process alive.
  shell.unref()
  if (shell.stdin instanceof Socket) shell.stdin.unref()
  // An error of writing to a killed guard must not end the program.
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

/** Windows has no such shell. There an exit of this process ends the children, but a violent end does not. */
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
