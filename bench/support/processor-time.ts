import { readdir, readFile } from 'node:fs/promises'

/** Processor time that a process has used, in milliseconds; NaN where the system does not tell. */
export async function processorMsOf(pid: number): Promise<number> {
  const stat = await readStat(pid)
  return stat === null ? NaN : stat.ownMs
}

/** As {@link processorMsOf}, with that of its children, those that have ended among them. */
export async function processorMsOfFamily(pid: number): Promise<number> {
  const parent = await readStat(pid)
  if (parent === null) return NaN
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger)
  const children = (await Promise.all(pids.map(readStat))).filter((stat) => stat?.parentPid === pid)
  return children.reduce((sum, child) => sum + (child?.ownMs ?? 0), parent.ownMs + parent.endedChildrenMs)
}

/** proc_pid_stat(5), whose times are in ticks of 10 ms. */
async function readStat(pid: number) {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  if (text === null) return null
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const field = (number: number) => Number(fields[number - 3])
  return {
    parentPid: field(4),
    ownMs: (field(14) + field(15)) * 10,
    endedChildrenMs: (field(16) + field(17)) * 10,
  }
}
