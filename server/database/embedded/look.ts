import { stopCluster, type Cluster } from './cluster.ts'
import { probe, type Access } from './database.ts'
import { findPostmaster } from './postmaster.ts'

/** Between two probes of a PostgreSQL that is there. */
const askEveryMs = 10_000
/** How long one that is there may leave us without an answer before it counts as stuck. Recovering is an answer. */
const stuckMs = 60_000

/**
 * Makes the look at a cluster that {@link supervise} takes: whether its PostgreSQL is there. One that is stuck is stopped.
 */
export function createLook(cluster: Cluster, access: Access): () => Promise<boolean> {
  let askedAt = performance.now()
  let answeredAt = performance.now()
  return async () => {
    const postmaster = await findPostmaster(cluster.clusterDirectory)
    if (postmaster === undefined || postmaster.identity === 'another') return false
    if (postmaster.port !== undefined && postmaster.port !== access.port) {
      throw new Error(`Another key server has started PostgreSQL on ${cluster.clusterDirectory} meanwhile.`)
    }
    const nowMs = performance.now()
    if (nowMs - askedAt < askEveryMs) return true
    askedAt = nowMs
    if ((await probe(access)) !== 'none') {
      answeredAt = performance.now()
      return true
    }
    if (performance.now() - answeredAt < stuckMs) return true
    await stopCluster(cluster)
    answeredAt = performance.now()
    return false
  }
}
