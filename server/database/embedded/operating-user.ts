import { stat } from 'node:fs/promises'
import { runProgram, type OperatingUser } from './run-program.ts'

/**
 * PostgreSQL refuses to run as root. Started by root, its programs therefore run as the owner of the cluster if there
 * already is one, else as the user `postgres`, else as a system user `claviger`, which is created on first need.
 * Started by anybody else they run as that user, and the answer is `undefined`.
 *
 * @throws Error in words, when root finds no such user and cannot create one, or when the cluster is another user's
 */
export async function chooseOperatingUser(clusterDirectory: string): Promise<OperatingUser | undefined> {
  const ourUid = process.getuid?.()
  if (ourUid === undefined) return undefined
  const owner = await ownerOf(clusterDirectory)
  if (ourUid !== 0) {
    if (owner === undefined || owner.uid === ourUid) return undefined
    throw new Error(
      `The database in ${clusterDirectory} belongs to the user with id ${owner.uid}, and the key server runs as the ` +
        `user with id ${ourUid}. Run it as the former, or choose another DATA_DIR.`,
    )
  }
  if (owner !== undefined && owner.uid !== 0) return owner
  return (await lookUp('postgres')) ?? (await lookUp('claviger')) ?? (await createUser('claviger'))
}

/** The users of the system that {@link chooseOperatingUser} takes or makes; none where this process is not root's. */
export async function findSystemUsers(): Promise<OperatingUser[]> {
  if (process.getuid?.() !== 0) return []
  const users = await Promise.all(['postgres', 'claviger'].map(lookUp))
  return users.filter((user) => user !== undefined)
}

async function ownerOf(path: string): Promise<OperatingUser | undefined> {
  try {
    const { uid, gid } = await stat(path)
    return { uid, gid }
  } catch {
    return undefined
  }
}

/** By `id`, not by reading /etc/passwd, since users may come from a directory service. */
async function lookUp(name: string): Promise<OperatingUser | undefined> {
  const [uid, gid] = await Promise.all([idOf('-u', name), idOf('-g', name)])
  return uid === undefined || gid === undefined || uid === 0 ? undefined : { uid, gid }
}

async function idOf(flag: '-u' | '-g', name: string): Promise<number | undefined> {
  const { code, output } = await runProgram('id', [flag, name], { timeoutMs: 10_000 })
  return code === 0 && /^\d+$/.test(output) ? Number(output) : undefined
}

/** With shadow-utils (Debian, Fedora and so on), else with BusyBox (Alpine). */
async function createUser(name: string): Promise<OperatingUser> {
  const commands: readonly (readonly [string, readonly string[]])[] = [
    ['groupadd', ['--system', name]],
    ['useradd', ['--system', '--gid', name, '--no-create-home', '--shell', '/sbin/nologin', name]],
    ['addgroup', ['-S', name]],
    ['adduser', ['-S', '-D', '-H', '-G', name, '-s', '/sbin/nologin', name]],
  ]
  for (const [program, args] of commands) {
    // Each may be missing, or fail because an earlier one has done its work; what counts is the user.
    await runProgram(program, args, { timeoutMs: 20_000 })
    const user = await lookUp(name)
    if (user !== undefined) return user
  }
  throw new Error(
    'PostgreSQL does not run as root, and no system user could be created for it. Run the key server as another ' +
      'user, create a user named "postgres", or set DATABASE_URL to use a database of your own.',
  )
}
