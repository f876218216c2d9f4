import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { eventually } from '../support/connections.ts'

export interface Contained {
  /** Runs a command beside it, as a health check does. @returns its exit code */
  run(command: readonly string[], env: Readonly<Record<string, string>>): number | null
  /** The process's `/proc/PID/status`, which says what it may do. */
  status(): Promise<string>
  /** Sends process 1 SIGTERM. @returns the exit code */
  stop(): Promise<number | null>
  readonly output: () => string
}

/** Why nothing can be contained here; null when it can. */
export function whyNotContained(): string | null {
  if (process.platform !== 'linux') return 'namespaces are those of Linux'
  const { status } = spawnSync('unshare', ['--mount', '--pid', '--fork', 'mount', '--make-rprivate', '/'])
  return status === 0 ? null : 'this user may not make namespaces (unshare)'
}

/**
 * Runs a command as a container engine does: as process 1, of an unprivileged user without capabilities, on a root that
 * cannot be written but for `/tmp`. It has the programs, the libraries and the network of this machine.
 *
 * @param options.app the folder that is `/app`
 */
export async function contain(
  command: readonly string[],
  { app, env }: { readonly app: string; readonly env: Readonly<Record<string, string>> },
): Promise<Contained> {
  const directory = await mkdtemp(join(tmpdir(), 'claviger-contained-'))
  const child = spawn(
    'unshare',
    [
      ...['--mount', '--pid', '--fork', '--kill-child', '--ipc', '--uts', 'sh', '-ec', script],
      ...['sh', directory, app, dirname(process.execPath), ...command],
    ],
    { env: { PATH: searched, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
  }
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const first = await firstProcessOf(child)
  const inside = ['-t', first, '-m', '-p', '-r', '-w', '-S', '1000']
  return {
    output: () => output,
    run: (asked, more) =>
      spawnSync('nsenter', [...inside, ...asked], { env: { PATH: searched, ...more } }).status,
    status: () => readFile(`/proc/${first}/status`, 'utf8'),
    stop: async () => {
      process.kill(Number(first), 'SIGTERM')
      const code = await ended
      await rm(directory, { recursive: true, force: true })
      return code
    },
  }
}

const searched = '/node:/usr/sbin:/usr/bin:/sbin:/bin'

/** `$1`: the new root, `$2`: `/app`, `$3`: where Node is; then the command. */
const script = `
root=$1 app=$2 node=$3
shift 3
mount --make-rprivate /
mount -t tmpfs tmpfs "$root"
mkdir "$root/app" "$root/node" "$root/proc" "$root/dev" "$root/tmp"
for folder in usr lib lib64 bin sbin etc; do
  if [ -e "/$folder" ]; then mkdir "$root/$folder"; mount --bind "/$folder" "$root/$folder"; fi
done
mount --bind "$app" "$root/app"
mount --bind "$node" "$root/node"
for folder in usr lib lib64 bin sbin etc app node; do
  if [ -e "$root/$folder" ]; then mount -o remount,bind,ro "$root/$folder"; fi
done
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
mount -o remount,ro "$root"
exec chroot "$root" setpriv --reuid 1000 --regid 1000 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
`

async function firstProcessOf({ pid }: ChildProcess): Promise<string> {
  const children = async () => {
    const listed = await readFile(`/proc/${String(pid)}/task/${String(pid)}/children`, 'utf8')
    return listed.trim().split(' ')[0] ?? ''
  }
  await eventually(async () => (await children()) !== '', { withinMs: 5_000, what: 'process 1' })
  return children()
}
