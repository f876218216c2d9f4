import { execFile, spawn } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../..', import.meta.url))
const { PATH = '', HOME = '' } = process.env
/** The environment that npm needs to reach its registry: a network's own certificates, proxy and settings of npm. */
const networkSettings: Record<string, string> = {}
const networkNames =
  /^(node_extra_ca_certs|ssl_cert_file|(https?|no)_proxy|npm_config_(registry|cafile|proxy|https_proxy))$/i
for (const [name, value = ''] of Object.entries(process.env)) {
  if (networkNames.test(name)) networkSettings[name] = value
}
const stepMs = 300_000

/** A package as `npm pack` makes it, and the empty folder into which that was installed. */
export interface PackedPackage {
  readonly tarball: string
  /** The paths in the tarball. */
  readonly files: readonly string[]
  readonly folder: string
}

export interface PackedPackages {
  readonly client: PackedPackage
  readonly server: PackedPackage
  /** Why they are not installed: npm has no registry to ask, nor all of them in its cache. Null: they are. */
  readonly unreachable: string | null
  remove(): Promise<void>
}

/** Packs both packages of this checkout, and installs each alone, with all dependencies. */
export async function packAndInstall(): Promise<PackedPackages> {
  const directory = await mkdtemp(join(tmpdir(), 'claviger-packages-'))
  // PostgreSQL does not run as root, and its user must come by.
  await chmod(directory, 0o711)
  // In turn: both compile what they share, and two compilers would write the same files at once.
  const client = await pack('client', join(directory, 'client'))
  const server = await pack('server', join(directory, 'server'))
  let unreachable: string | null = null
  try {
    await Promise.all([install(client), install(server)])
  } catch (error) {
    unreachable =
      /E(NOTFOUND|AI_AGAIN|TIMEDOUT|CONNREFUSED|CONNRESET|NOTCACHED|NETUNREACH)/.exec(String(error))?.[0] ??
      null
    if (unreachable === null) throw error
  }
  const remove = () => rm(directory, { recursive: true, force: true })
  return { client, server, unreachable, remove }
}

/** Packs a workspace into a folder, which is made. */
export async function pack(workspace: string, folder: string): Promise<PackedPackage> {
  await mkdir(folder, { recursive: true })
  await writeFile(
    join(folder, 'package.json'),
    '{"name":"installed","version":"0.0.0","private":true,"type":"module"}',
  )
  const args = ['pack', '--json', '--pack-destination', folder]
  const { stdout } = await execute('npm', args, { cwd: join(root, workspace) })
  const [name] = (await readdir(folder)).filter((file) => file.endsWith('.tgz'))
  // The output of prepack goes before the JSON.
  const files = [...stdout.matchAll(/"path": "([^"]+)"/g)].map(([, path = '']) => path)
  return { tarball: join(folder, name ?? ''), files, folder }
}

async function install({ tarball, folder }: PackedPackage): Promise<void> {
  const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', tarball]
  await execute('npm', args, { cwd: folder, env: networkSettings })
}

export interface RunOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
}

/** Runs a command to its end, in an environment without conditions or settings. @throws when it fails */
export function execute(
  command: string,
  args: readonly string[],
  { cwd, env = {} }: RunOptions,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return promisify(execFile)(command, [...args], {
    cwd,
    env: { PATH, HOME, ...env },
    timeout: stepMs,
    maxBuffer: 16 * 1024 * 1024,
  })
}

export interface Running {
  /** The first group of the pattern, once standard output has it. */
  readonly found: string
  stop(): Promise<void>
}

/** Starts a command, and waits for what it prints. @throws with what it printed when it ends before, or is too slow */
export async function start(
  [command, ...args]: readonly [string, ...string[]],
  { cwd, env = {}, until }: RunOptions & { readonly until: RegExp },
): Promise<Running> {
  // A group of its own: npx does not hand signals on.
  const child = spawn(command, args, { cwd, env: { PATH, HOME, ...env }, detached: true, stdio: 'pipe' })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const stop = async () => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM')
    await ended
  }
  let output = ''
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const fail = () => reject(new Error(`It did not say ${String(until)} but:\n${output}`))
  const timer = setTimeout(fail, 60_000)
  child.once('close', fail)
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
      const found = until.exec(output)?.[1]
      if (found !== undefined) resolve(found)
    })
  }
  try {
    return { found: await promise, stop }
  } catch (error) {
    await stop()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** How many packages a folder has installed, and the megabytes that they take on the disk. */
export async function measure(folder: string): Promise<{ packages: number; megabytes: number }> {
  const modules = join(folder, 'node_modules')
  const entries = await readdir(modules, { recursive: true, withFileTypes: true })
  let blocks = 0
  const packages = new Set<string>()
  for (const entry of entries) {
    blocks += (await stat(join(entry.parentPath, entry.name))).blocks
    const isRoot = /node_modules\/(@[^/]+\/)?[^/@.][^/]*$/.test(entry.parentPath)
    if (entry.name === 'package.json' && isRoot) packages.add(entry.parentPath)
  }
  return { packages: packages.size, megabytes: (blocks * 512) / 1e6 }
}
