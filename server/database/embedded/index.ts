import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { locateBinaries } from './binaries.ts'
import { type Cluster, initialiseCluster, startCluster, stopCluster } from './cluster.ts'
import { prepareDataDirectory } from './data-directory.ts'
import { prepareDatabase, probe } from './database.ts'
import { chooseOperatingUser } from './operating-user.ts'
import { DataDirectoryInUseError, type Ownership, takeOwnership } from './ownership.ts'
import { findPostmaster, removeStalePidFile } from './postmaster.ts'
import { readOrCreateSecret } from '../../lib/secret-file.ts'

export { defaultDataDirectory } from './data-directory.ts'
export { findRunningPostgres } from './running.ts'

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
  /** Receives a sentence for each noteworthy step. No sentence holds a secret. */
  log?: (message: string) => void
}

/** The longest a start may take in all, an initial `initdb` and a crash recovery included, before it fails. */
const startMsMax = 180_000
/** How long a PostgreSQL that is there may leave us without an answer before it counts as stuck. */
const stuckMs = 15_000

/**
 * Starts the PostgreSQL of the data directory, creating it on first use, or adopts the one that a killed key server
 * left running. PostgreSQL keeps running when this process is killed.
 *
 * @throws Error in words a person can act on: no PostgreSQL for the platform, a directory out of reach, another live
 *   key server on the same directory, a PostgreSQL that does not start
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => undefined)
  const dataDirectory = resolve(options.dataDirectory)
  const clusterDirectory = join(dataDirectory, 'postgres')
  const passwordFile = join(dataDirectory, 'password')

  const user = await chooseOperatingUser(clusterDirectory)
  await prepareDataDirectory(dataDirectory, user)
  const binaries = await locateBinaries(dataDirectory, { user, log })
  const password = await readOrCreateSecret(passwordFile, { owner: user })
  const logFile = join(dataDirectory, 'postgres.log')
  const cluster: Cluster = { dataDirectory, clusterDirectory, logFile, passwordFile, binaries, user }
  await initialiseCluster(cluster)

  const running = await runAndOwn(cluster, { password, log })
  const url = await prepareDatabase({ port: running.port, password }).catch(async (error: unknown) => {
    await stop(cluster, running.ownership)
    throw error
  })
  let stopping: Promise<void> | undefined
  return {
    url,
    directory: dataDirectory,
    port: running.port,
    wasAdopted: running.wasAdopted,
    stop: () => (stopping ??= stop(cluster, running.ownership)),
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
  port: number
  wasAdopted: boolean
  ownership: Ownership
}

/**
 * Another key server may start or stop the same cluster at the same time, so each step can find the ground moved. Each
 * round looks anew at what is there and takes one step, until we own a cluster that answers.
 */
async function runAndOwn(
  cluster: Cluster,
  { password, log }: { password: string; log: (message: string) => void },
): Promise<RunningCluster> {
  const deadline = Date.now() + startMsMax
  let wasAdopted = true
  let failedStarts = 0
  let silentSince: number | undefined
  while (Date.now() < deadline) {
    const postmaster = await findPostmaster(cluster.clusterDirectory)
    if (postmaster?.identity === 'another') {
      await removeStalePidFile(cluster.clusterDirectory, postmaster)
      continue
    }
    if (postmaster === undefined) {
      wasAdopted = false
      silentSince = undefined
      const started = await startCluster(cluster)
      if (started.code === 0) continue
      failedStarts += 1
      if (failedStarts >= 3)
        throw new Error(`PostgreSQL does not start: ${started.output}. See ${cluster.logFile}.`)
      continue
    }
    const answer = postmaster.port === undefined ? 'none' : await probe({ port: postmaster.port, password })
    if (answer === 'wrong password') throw new Error(wrongPassword(cluster))
    if (answer === 'ready' && postmaster.port !== undefined) {
      const ownership = await tryToOwn(cluster, { port: postmaster.port, password, log })
      if (ownership === undefined) continue
      if (wasAdopted) log('Adopted the PostgreSQL that an earlier key server left running')
      return { port: postmaster.port, wasAdopted, ownership }
    }
    // Starting up, recovering and shutting down are answers too, and take what they take.
    silentSince = answer === 'none' ? (silentSince ?? Date.now()) : undefined
    if (silentSince !== undefined && Date.now() - silentSince > stuckMs && postmaster.identity === 'ours') {
      log('The PostgreSQL that an earlier key server left running does not answer; starting it anew')
      await stopCluster(cluster)
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
  { port, password, log }: { port: number; password: string; log: (message: string) => void },
): Promise<Ownership | undefined> {
  try {
    return await takeOwnership({ port, password, dataDirectory: cluster.dataDirectory, log })
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
