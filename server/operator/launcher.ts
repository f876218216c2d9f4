import { readFileSync } from 'node:fs'

const everyMs = 500

/**
 * Calls `onGone` when this process was started by npm and is its orphan now. npm runs scripts in a shell and passes its own
 * signals on to that shell, which ends and passes nothing on. A server that was started otherwise may
 * outlive its parent, as daemons do.
 */
export function watchLauncher(onGone: () => void): void {
  // eslint-disable-next-line no-restricted-properties -- set by npm for what it runs, and no setting of ours
  if (process.env['npm_lifecycle_event'] === undefined) return
  const first = ancestors()
  const timer = setInterval(() => {
    if (ancestors() === first) return
    clearInterval(timer)
    onGone()
  }, everyMs)
  timer.unref()
}

/** The shell's process id, and npm's where the system tells it. The system gives orphans another parent. */
function ancestors(): string {
  return `${String(process.ppid)} ${parentOf(process.ppid)}`
}

/** From proc(5): the name in parentheses, which may contain anything, the state and the parent. */
function parentOf(pid: number): string {
  if (process.platform !== 'linux') return ''
  try {
    const text = readFileSync(`/proc/${String(pid)}/stat`, 'latin1')
    return text.slice(text.lastIndexOf(')')).split(' ')[2] ?? ''
  } catch {
    return ''
  }
}
