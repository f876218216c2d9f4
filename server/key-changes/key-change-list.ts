import { and, asc, desc, eq, gt } from 'drizzle-orm'
import type { KeyChange } from '../../schema/graphql/domain.ts'
import { applicationServers, keyChanges } from '../../schema/tables/index.ts'
import type { Executor } from '../database/connect.ts'
import { lowWaterMarkOf, StoredList } from '../events/stored-list.ts'

type StoredKeyChange = Omit<Exclude<KeyChange, { kind: 'UP_TO_DATE' }>, 'cursorPosition'> & {
  readonly position: number
}

/** The changes of an application server's keys. */
export function keyChangeList(db: Executor, applicationServerId: string): StoredList<StoredKeyChange> {
  const isOfServer = eq(keyChanges.applicationServerId, applicationServerId)
  return new StoredList<StoredKeyChange>({
    selectAfter: (position, limit) =>
      db
        .select({
          position: keyChanges.position,
          kind: keyChanges.kind,
          occurredAt: keyChanges.occurredAt,
          thumbprint: keyChanges.thumbprint,
          expiresAt: keyChanges.expiresAt,
        })
        .from(keyChanges)
        .where(and(isOfServer, gt(keyChanges.position, position)))
        .orderBy(asc(keyChanges.position))
        .limit(limit),
    selectNewest: async () => {
      const [newest] = await db
        .select({ position: keyChanges.position, occurredAt: keyChanges.occurredAt })
        .from(keyChanges)
        .where(isOfServer)
        .orderBy(desc(keyChanges.position))
        .limit(1)
      return newest
    },
    selectLowWaterMark: async () => {
      const [server] = await db
        .select({
          position: applicationServers.changeLowWaterMark,
          at: applicationServers.changeLowWaterMarkAt,
        })
        .from(applicationServers)
        .where(eq(applicationServers.id, applicationServerId))
      return server && lowWaterMarkOf(server)
    },
    expired: 'The changes after this cursor are no longer kept.',
  })
}
