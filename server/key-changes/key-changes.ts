import { and, asc, eq, gt } from 'drizzle-orm'
import type { KeyChangesPort } from '../../schema/graphql/context.ts'
import type { KeyChange } from '../../schema/graphql/domain.ts'
import { applicationServers, keyChanges } from '../../schema/tables/index.ts'
import { decodeCursor } from '../../schema/wire/cursor.ts'
import { badInput, KeyServerError } from '../../schema/wire/errors.ts'
import { limits } from '../../schema/wire/limits.ts'
import type { Authentication } from '../authentication/authentication.ts'
import type { RequestCaller } from '../authentication/request-caller.ts'
import type { Databases, Executor } from '../database/connect.ts'
import type { ItemsRead } from '../streams/durable-stream.ts'
import type { DurableStreams } from '../streams/durable-streams.ts'

/** Delivers changes of keys to application servers. They are recorded by whatever causes them, in its transaction. */
export class KeyChanges implements KeyChangesPort {
  readonly #authentication: Authentication
  readonly #databases: Databases
  readonly #streams: DurableStreams

  constructor(
    authentication: Authentication,
    options: { readonly databases: Databases; readonly streams: DurableStreams },
  ) {
    this.#authentication = authentication
    this.#databases = options.databases
    this.#streams = options.streams
  }

  async subscribe(
    caller: RequestCaller,
    { after }: { readonly after: string | null },
  ): Promise<AsyncIterable<KeyChange>> {
    const asked = parsePosition(after)
    const { applicationServerId, keyId } = await this.#authentication.verifyApplicationServer(caller)
    const db = this.#databases.reads.db
    return this.#streams.open({
      holderId: applicationServerId,
      keyId,
      begin: async () => {
        await this.#authentication.claimApplicationServer(caller)
        return startPosition(db, applicationServerId, asked)
      },
      read: withWordOfTheEnd((from) => selectKeyChanges(db, applicationServerId, from), {
        // Each time that the stream looks without news.
        everyMs: this.#streams.pollMs * 0.9,
      }),
    })
  }
}

type Read = (after: number) => Promise<ItemsRead<KeyChange>>

/**
 * Adds the word that the list has been read to its end: after news, and every few seconds without. A stream that is
 * only silent may be one whose server has lost its database, while another one revokes keys.
 */
function withWordOfTheEnd(
  read: (after: number) => Promise<KeyChange[]>,
  { everyMs }: { readonly everyMs: number },
): Read {
  let saidAtMs = -Infinity
  return async (from) => {
    const changes = await read(from)
    const newest = changes.at(-1)
    if (newest !== undefined) {
      saidAtMs = -Infinity
      return { items: changes, seen: newest.position }
    }
    const nowMs = performance.now()
    if (nowMs - saidAtMs < everyMs) return { items: [], seen: from }
    saidAtMs = nowMs
    const end = { kind: 'UP_TO_DATE', thumbprint: null, expiresAt: null } as const
    return { items: [{ ...end, position: from, occurredAt: new Date() }], seen: from }
  }
}

/** @throws {KeyServerError} CURSOR_EXPIRED when changes were removed that it would have to read */
async function selectKeyChanges(
  db: Executor,
  applicationServerId: string,
  after: number,
): Promise<KeyChange[]> {
  const changes = await db
    .select({
      position: keyChanges.position,
      kind: keyChanges.kind,
      occurredAt: keyChanges.occurredAt,
      thumbprint: keyChanges.thumbprint,
      expiresAt: keyChanges.expiresAt,
    })
    .from(keyChanges)
    .where(and(eq(keyChanges.applicationServerId, applicationServerId), gt(keyChanges.position, after)))
    .orderBy(asc(keyChanges.position))
    .limit(limits.batchMax)
  const [next] = changes
  // Positions have no gaps.
  if (next !== undefined && next.position > after + 1) throw cursorExpired()
  return changes
}

/** At the asked position, or without one at the newest change. */
async function startPosition(
  db: Executor,
  applicationServerId: string,
  asked: number | null,
): Promise<number> {
  const [server] = await db
    .select({ newest: applicationServers.changePosition, floor: applicationServers.changeFloor })
    .from(applicationServers)
    .where(eq(applicationServers.id, applicationServerId))
  if (server === undefined) throw new TypeError('A signer has an application server.')
  if (asked === null) return server.newest
  if (asked < server.floor || asked > server.newest) throw cursorExpired()
  return asked
}

function cursorExpired(): KeyServerError {
  return new KeyServerError('CURSOR_EXPIRED', 'The changes after this cursor are no longer kept.')
}

/** @throws {KeyServerError} BAD_USER_INPUT */
function parsePosition(cursor: string | null): number | null {
  if (cursor === null) return null
  const text = decodeCursor('change', cursor)
  if (text === null || !/^(0|[1-9]\d{0,14})$/.test(text)) {
    throw badInput('after', 'This is not a cursor of a change.')
  }
  return Number(text)
}
