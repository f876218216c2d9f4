import { access, chmod, constants, mkdir, readdir } from 'node:fs/promises'
import { homedir, userInfo } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { findSystemUsers } from './operating-user.ts'
import { runProgram, type OperatingUser } from './run-program.ts'
import { assertTrustworthy } from './trust.ts'

/**
 * Where a key server without DATA_DIR keeps its database: the platform's directory for a user's data, or for root the
 * system's.
 *
 * @throws Error in words when the user has no home directory
 */
export function defaultDataDirectory(): string {
  // eslint-disable-next-line no-restricted-properties -- the platforms' own variables, which are no settings of ours
  const { LOCALAPPDATA: localAppData, XDG_DATA_HOME: xdgDataHome } = process.env
  if (process.platform === 'win32') {
    return join(localAppData ?? join(home(), 'AppData', 'Local'), 'claviger')
  }
  if (process.getuid?.() === 0) return '/var/lib/claviger'
  if (process.platform === 'darwin') return join(home(), 'Library', 'Application Support', 'claviger')
  // XDG Base Directory Specification: a relative path is invalid and to be ignored.
  const base = xdgDataHome?.startsWith('/') === true ? xdgDataHome : join(home(), '.local', 'share')
  return join(base, 'claviger')
}

function home(): string {
  try {
    // Where HOME is set to nothing, the user's own.
    const directory = homedir() || userInfo().homedir
    if (directory !== '') return directory
  } catch {
    // A user without an entry in /etc/passwd, in a container as a rule.
  }
  throw new Error('This user has no home directory: set DATA_DIR to a directory that it may write.')
}

/**
 * Creates the data directory where it is missing, and makes sure that the operating user can pass through to what is
 * inside. Root keeps the directory itself and lets others pass but not list (0711); each thing inside has its own mode.
 *
 * @throws Error in words, naming the directory that shuts a user out, or belongs to one who is not to be trusted
 */
export async function prepareDataDirectory(
  directory: string,
  user: OperatingUser | undefined,
): Promise<void> {
  const mode = user === undefined ? 0o700 : 0o711
  const firstCreated = await create(directory, mode)
  await assertTrustworthy(directory, { trusted: await findSystemUsers() })
  if (user === undefined) return
  // The umask may have taken the passage away from what was created just now.
  if (firstCreated !== undefined) {
    for (const created of ancestry(directory, firstCreated)) await chmod(created, mode)
  } else if ((await readdir(directory)).length === 0) {
    await chmod(directory, mode)
  }
  for (const step of ancestry(directory)) {
    const { code } = await runProgram('test', ['-x', step], { user, directory: '/', timeoutMs: 10_000 })
    if (code === 0) continue
    throw new Error(
      `The data directory ${directory} is out of reach for PostgreSQL, which does not run as root but as the user ` +
        `with id ${user.uid}: ${step} does not let that user pass. Choose another DATA_DIR, or allow passage with ` +
        `"chmod o+x ${step}".`,
    )
  }
}

async function create(directory: string, mode: number): Promise<string | undefined> {
  try {
    const firstCreated = await mkdir(directory, { recursive: true, mode })
    await access(directory, constants.W_OK | constants.X_OK)
    return firstCreated
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no code'
    const path = error instanceof Error && 'path' in error ? String(error.path) : directory
    const what =
      code === 'EEXIST' || code === 'ENOTDIR' ? `${path} is no directory` : `${path} cannot be used`
    throw new Error(
      `The data directory ${directory} cannot be had: ${what} (${code}). Set DATA_DIR to a directory that this user may write.`,
      { cause: error },
    )
  }
}

/** The path's directories from the root, or from `first`, down to the path itself. */
function ancestry(path: string, first?: string): readonly string[] {
  const steps: string[] = []
  for (let step = resolve(path); ; step = dirname(step)) {
    steps.unshift(step)
    if (step === dirname(step) || (first !== undefined && step === resolve(first))) return steps
  }
}
