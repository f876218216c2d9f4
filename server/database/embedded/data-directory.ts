import { chmod, mkdir, readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { runProgram, type OperatingUser } from './run-program.ts'

/** Where a key server without DATA_DIR keeps its database: the platform's place for a user's, or for root the system's, data. */
export function defaultDataDirectory(): string {
  // eslint-disable-next-line no-restricted-properties -- the platforms' own variables, which are no settings of ours
  const { LOCALAPPDATA: localAppData, XDG_DATA_HOME: xdgDataHome } = process.env
  if (process.platform === 'win32') {
    return join(localAppData ?? join(homedir(), 'AppData', 'Local'), 'claviger')
  }
  if (process.getuid?.() === 0) return '/var/lib/claviger'
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Application Support', 'claviger')
  // XDG Base Directory Specification: a relative path is invalid and to be ignored.
  const base = xdgDataHome?.startsWith('/') === true ? xdgDataHome : join(homedir(), '.local', 'share')
  return join(base, 'claviger')
}

/**
 * Creates the data directory where it is missing, and makes sure that the operating user can pass through to what is
 * inside. Root keeps the directory itself and lets others pass but not list (0711); each thing inside has its own mode.
 *
 * @throws Error in words, naming the directory that shuts the operating user out
 */
export async function prepareDataDirectory(
  directory: string,
  user: OperatingUser | undefined,
): Promise<void> {
  const mode = user === undefined ? 0o700 : 0o711
  const firstCreated = await mkdir(directory, { recursive: true, mode })
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

/** The path's directories from the root, or from `first`, down to the path itself. */
function ancestry(path: string, first?: string): readonly string[] {
  const steps: string[] = []
  for (let step = resolve(path); ; step = dirname(step)) {
    steps.unshift(step)
    if (step === dirname(step) || (first !== undefined && step === resolve(first))) return steps
  }
}
