import { connect, Socket } from 'node:net'
import postgres from 'postgres'
import { socketPath, type DatabaseAddress, type DatabaseHost } from './address.ts'
import { ReadOnlyDatabase } from './trouble.ts'
import { within } from './within.ts'

/** For each host: to connect, and to tell whether it is the primary. */
const hostMsMax = 5_000

/**
 * Makes a function that gives postgres.js a connection to the first host that will do. By itself postgres.js would go from
 * host to host without end, and without an error.
 *
 * @returns a function whose socket is destroyed with the last host's error when none will do
 */
export function createHostChooser(address: DatabaseAddress): () => Promise<Socket> {
  return async () => {
    let failure: unknown
    for (const host of address.hosts) {
      try {
        if (address.target === 'primary') await assertPrimary(address, host)
        return await reach(host)
      } catch (error) {
        failure = error
      }
    }
    // postgres.js forgets a place whose socket cannot be made. Destroyed at once: a write before would put an error of its own
    // in the place of this one, which is emitted once postgres.js listens.
    return new Socket().destroy(failure instanceof Error ? failure : new Error('No host answers.'))
  }
}

async function assertPrimary(
  { user, password, database, tls }: DatabaseAddress,
  host: DatabaseHost,
): Promise<void> {
  const sql = postgres({
    max: 1,
    fetch_types: false,
    prepare: false,
    connect_timeout: hostMsMax / 1_000,
    onnotice: () => undefined,
    ...(host.host.startsWith('/') ? { path: socketPath(host) } : { host: host.host, port: host.port }),
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(database !== undefined && { database }),
    ssl: tls,
    connection: { application_name: 'claviger' },
  })
  try {
    const [row] = await within(
      hostMsMax,
      sql<{ is_standby: boolean }[]>`SELECT pg_is_in_recovery() AS is_standby`,
    )
    if (row?.is_standby !== false) throw new ReadOnlyDatabase()
  } finally {
    await sql.end({ timeout: 0 })
  }
}

async function reach(place: DatabaseHost): Promise<Socket> {
  const socket = connect(place.host.startsWith('/') ? { path: socketPath(place) } : place)
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const timer = setTimeout(() => {
    socket.destroy(Object.assign(new Error('The host does not answer.'), { code: 'ETIMEDOUT' }))
  }, hostMsMax)
  socket.once('error', reject)
  socket.once('connect', () => {
    socket.off('error', reject)
    resolve(socket)
  })
  try {
    // For the name in the certificate, as postgres.js sets it itself.
    return Object.assign(await promise, place)
  } finally {
    clearTimeout(timer)
  }
}
