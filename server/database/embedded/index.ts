import { access } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findBinaries, locateBinaries } from './binaries.ts'
import { type Cluster, hasCluster, initialiseCluster, stopCluster } from './cluster.ts'
import { prepareDataDirectory } from './data-directory.ts'
import { prepareDatabase, probe } from './database.ts'
import { createLook } from './look.ts'
import { freeLoopbackAddress, type LoopbackAddress } from './loopback.ts'
import { chooseOperatingUser } from './operating-user.ts'
import { noteVersion } from './other-major.ts'
import { DataDirectoryInUseError, type Ownership, takeOwnership } from './ownership.ts'
import { findPostmaster, removeBrokenPidFile, removeStalePidFile } from './postmaster.ts'
import { startCluster } from './start.ts'
import { supervise } from './supervisor.ts'
import { readOrCreateSecret } from '../../lib/secret-file.ts'

export { defaultDataDirectory } from './data-directory.ts'
export { findRunningPostgres, hasEmbeddedDatabase } from './running.ts'

/** A running PostgreSQL that belongs to this process until it is stopped. */
export interface EmbeddedPostgres {
  /** `postgres://…`, with the password, to the database `claviger` as its owner, who is no superuser. Never log it. */
  readonly url: string
  readonly directory: string
  readonly port: number
  /** Whether it was already running, left behind by a key server that was killed. */
  readonly wasAdopted: boolean
  /** Ends all connections and the server, durably. The second call waits for the first. */
  stop(): Promise<void>
}

export interface EmbeddedPostgresOptions {
  dataDirectory: string
  /** The directory of the programs `postgres` and `pg_ctl` of another PostgreSQL. Default: those of the npm package. */
  programsDirectory?: string
  /** How many connections it takes. Default: 100. */
  connectionsMax?: number
  /** Receives a sentence for each noteworthy step. No sentence holds a secret. */
  log?: (message: string) => void
  /** Told in words that PostgreSQL has ended and does not start again: the database is lost until the next start. */
  onLost?: (error: Error) => void
}

/** The longest a start may take in all, an initial `initdb` and a crash recovery included, before it fails. */
const startMsMax = 180_000
/** How long a PostgreSQL that is there may leave us without an answer before it counts as stuck. */
const stuckMs = 15_000
/** How often the log says that PostgreSQL is waited for. */
const waitingWordMs = 5_000

/**
 * Starts the PostgreSQL of the data directory, creating it on first use, or adopts the one that a killed key server
 * left running. PostgreSQL keeps running when this process is killed, and is started again when it ends itself.
 *
 * @throws Error in words a person can act on: no PostgreSQL for the platform, a directory out of reach, another live
 *   key server on the same directory, a directory that others could have filled, a PostgreSQL that does not start
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => undefined)
  const dataDirectory = resolve(options.dataDirectory)
  const clusterDirectory = join(dataDirectory, 'postgres')
  const passwordFile = join(dataDirectory, 'password')

  if (/[\n\r]/.test(dataDirectory)) throw new Error('DATA_DIR contains a line break.')
  const user = await chooseOperatingUser(clusterDirectory)
  await prepareDataDirectory(dataDirectory, user)
  const { programsDirectory } = options
  const binaries =
    programsDirectory === undefined
      ? await locateBinaries(dataDirectory, { user, log })
      : await findBinaries(programsDirectory, user)
  const logFile = join(dataDirectory, 'postgres.log')
  const { connectionsMax = 100 } = options
  const cluster: Cluster = {
    dataDirectory,
    clusterDirectory,
    logFile,
    passwordFile,
    binaries,
    user,
    connectionsMax,
  }
  if (await hasCluster(cluster)) await assertPassword(cluster)
  const password = await readOrCreateSecret(passwordFile, { owner: user })
  await initialiseCluster(cluster, log)

  const running = await runAndOwn(cluster, { password, log })
  const url = await prepareDatabase({ ...running.address, password }).catch(async (error: unknown) => {
    await stop(cluster, running.ownership)
    throw error
  })
  const endSupervision = supervise({
    isThere: createLook(cluster, { ...running.address, password }),
    start: () => startAgain(cluster, running.address),
    log,
    onLost: options.onLost ?? (({ message }) => log(message)),
  })
  if (programsDirectory === undefined) await noteVersion(dataDirectory)
  let stopping: Promise<void> | undefined
  return {
    url,
    directory: dataDirectory,
    port: running.address.port,
    wasAdopted: running.wasAdopted,
    stop: () => (stopping ??= endSupervision().then(() => stop(cluster, running.ownership))),
  }
}

async function startAgain(cluster: Cluster, address: LoopbackAddress): Promise<string | null> {
  try {
    await removeBrokenPidFile(cluster.clusterDirectory)
    return await startCluster(cluster, address)
  } catch (error) {
    // The full disk that ended it, for instance.
    return error instanceof Error ? error.message : 'it could not be run'
  }
}

/** The password was created before the cluster, so a missing one has been lost, and a new one would open nothing. */
async function assertPassword({ clusterDirectory, passwordFile }: Cluster): Promise<void> {
  try {
    await access(passwordFile)
  } catch (error) {
    throw new Error(
      `The password of the database in ${clusterDirectory} is missing: put the file ${passwordFile} back, from the backup ` +
        'that the rest of the directory has.',
      { cause: error },
    )
  }
}

/** The ownership is held until PostgreSQL is gone, so that no other key server adopts one that is about to stop. */
async function stop(cluster: Cluster, ownership: Ownership): Promise<void> {
  ownership.announceEnd()
  try {
    await stopCluster(cluster)
  } finally {
    await ownership.release()
  }
}

interface RunningCluster {
  address: LoopbackAddress
  wasAdopted: boolean
  ownership: Ownership
}

interface Steps {
  readonly password: string
  readonly log: (message: string) => void
}

/** A PostgreSQL that was started here and is of no use is not left behind. */
async function runAndOwn(cluster: Cluster, steps: Steps): Promise<RunningCluster> {
  const started = new Set<Cluster>()
  try {
    return await findOrStart(cluster, { ...steps, onStart: () => started.add(cluster) })
  } catch (error) {
    if (started.has(cluster) && !(error instanceof DataDirectoryInUseError)) await stopCluster(cluster)
    throw error
  }
}

/**
 * Another key server may start or stop the same cluster at the same time, so the state may change between any two steps. Each
 * round looks at the state anew and takes one step, until this process owns a cluster that answers.
 */
async function findOrStart(
  cluster: Cluster,
  { password, log, onStart }: Steps & { readonly onStart: () => void },
): Promise<RunningCluster> {
  const deadline = Date.now() + startMsMax
  let wasAdopted = true
  let failedStarts = 0
  let silentSince: number | undefined
  let toldAt = Date.now()
  while (Date.now() < deadline) {
    const postmaster = await findPostmaster(cluster.clusterDirectory)
    if (postmaster?.identity === 'another') {
      await removeStalePidFile(cluster.clusterDirectory, postmaster)
      continue
    }
    if (postmaster === undefined) {
      wasAdopted = false
      silentSince = undefined
      await removeBrokenPidFile(cluster.clusterDirectory)
      if (failedStarts === 0) log(`Starting PostgreSQL on ${cluster.clusterDirectory}`)
      onStart()
      const failure = await startCluster(cluster, await freeLoopbackAddress())
      if (failure === null) continue
      failedStarts += 1
      if (failedStarts >= 3) {
        throw new Error(`PostgreSQL does not start on ${cluster.clusterDirectory}. It says:\n${failure}`)
      }
      continue
    }
    const { host, port } = postmaster
    const address = port === undefined || host === undefined ? undefined : { host, port }
    const answer = address === undefined ? 'none' : await probe({ ...address, password })
    if (answer === 'wrong password') throw new Error(wrongPassword(cluster))
    if (answer === 'ready' && address !== undefined) {
      const ownership = await tryToOwn(cluster, { address, password, log })
      if (ownership === undefined) continue
      if (wasAdopted) log('Adopted the PostgreSQL that an earlier key server left running')
      return { address, wasAdopted, ownership }
    }
    // Starting up, recovering and shutting down are answers too, and take what they take.
    silentSince = answer === 'none' ? (silentSince ?? Date.now()) : undefined
    if (silentSince !== undefined && Date.now() - silentSince > stuckMs && postmaster.identity === 'ours') {
      log('The PostgreSQL that an earlier key server left running does not answer; starting it anew')
      await stopCluster(cluster)
    }
    if (Date.now() - toldAt > waitingWordMs) {
      toldAt = Date.now()
      log('Waiting for PostgreSQL, which starts, recovers or stops')
    }
    await sleep(100)
  }
  throw new Error(
    `PostgreSQL did not become ready within ${startMsMax / 1000} seconds. See ${cluster.logFile}.`,
  )
}

/** `undefined` when PostgreSQL went away meanwhile: its owner was just stopping it. */
async function tryToOwn(
  cluster: Cluster,
  { address, password, log }: Steps & { readonly address: LoopbackAddress },
): Promise<Ownership | undefined> {
  try {
    return await takeOwnership({ ...address, password, dataDirectory: cluster.dataDirectory, log })
  } catch (error) {
    if (error instanceof DataDirectoryInUseError) throw error
    await sleep(100)
    return undefined
  }
}

function wrongPassword({ clusterDirectory, passwordFile }: Cluster): string {
  return (
    `The PostgreSQL of ${clusterDirectory} is running but does not accept the password in ${passwordFile}. If that ` +
    'file was lost or replaced, put the right one back.'
  )
}
