import type { KeyChangesPort } from '../../schema/graphql/context.ts'
import type { KeyChange } from '../../schema/graphql/domain.ts'
import type { CursorPosition } from '../../schema/wire/cursor.ts'
import { KeyServerError } from '../../schema/wire/errors.ts'
import { applicationServerIdOf } from '../application-servers/application-server-id.ts'
import type { SignedRequest } from '../auth/signed-request.ts'
import type { Databases } from '../database/connect.ts'
import { askedName, parseInput } from '../lib/input.ts'
import { askedPosition } from '../events/asked-position.ts'
import type { ItemsRead } from '../events/durable-stream.ts'
import type { DurableStreams } from '../events/durable-streams.ts'
import { cursorPositionOf } from '../events/stored-list.ts'
import { keyChangeList } from './key-change-list.ts'

/** Delivers changes of keys to application servers. They are recorded by whatever causes them, in its transaction. */
export class KeyChanges {
  readonly #databases: Databases
  readonly #streams: DurableStreams
  readonly #readAfter: (applicationServerId: string, after: CursorPosition) => Promise<KeyChange[]>

  constructor(options: { readonly databases: Databases; readonly streams: DurableStreams }) {
    this.#databases = options.databases
    this.#streams = options.streams
    this.#readAfter = options.streams.share(async (id, after) =>
      toKeyChanges(await keyChangeList(options.databases.reads.db, id).after(after)),
    )
  }

  /** The port of one request. */
  forRequest(request: SignedRequest): KeyChangesPort {
    return { subscribe: (options) => this.#subscribe(request, options) }
  }

  async #subscribe(
    request: SignedRequest,
    { applicationServer: name, after }: Parameters<KeyChangesPort['subscribe']>[0],
  ): Promise<AsyncIterable<KeyChange>> {
    const asked = askedPosition(after, { kind: 'change', field: 'after' })
    const named = name === null ? null : parseInput(askedName, name, 'applicationServer')
    const { applicationServerId, keyId } = await request.verifyApplicationServer()
    const list = keyChangeList(this.#databases.reads.db, applicationServerId)
    return this.#streams.open({
      principalId: applicationServerId,
      keyId,
      begin: async () => {
        await request.consumeNonce()
        if (named !== null && applicationServerIdOf(named) !== applicationServerId) {
          throw new KeyServerError('FORBIDDEN', "This key is another application server's.")
        }
        if (asked === null) return list.end()
        await list.assertGoesOn(asked)
        return asked
      },
      readsRegularly: true,
      read: withEndOfList((from) => this.#readAfter(applicationServerId, from), {
        // Each time that the stream looks without news.
        everyMs: this.#streams.pollMs * 0.5,
      }),
    })
  }
}

function toKeyChanges(stored: Awaited<ReturnType<ReturnType<typeof keyChangeList>['after']>>): KeyChange[] {
  return stored.map(({ position, ...change }) => ({
    ...change,
    cursorPosition: cursorPositionOf({ position, ...change }),
  }))
}

/**
 * Adds a message that the list has been read to its end: after news, and every few seconds without. A stream that is merely
 * silent may be one whose server has lost its database, while another server revokes keys.
 */
function withEndOfList(
  read: (after: CursorPosition) => Promise<KeyChange[]>,
  { everyMs }: { readonly everyMs: number },
): (after: CursorPosition) => Promise<ItemsRead<KeyChange>> {
  let saidAtMs = -Infinity
  return async (from) => {
    const changes = await read(from)
    const newest = changes.at(-1)
    if (newest !== undefined) {
      saidAtMs = -Infinity
      return { items: changes, seen: newest.cursorPosition }
    }
    const nowMs = performance.now()
    if (nowMs - saidAtMs < everyMs) return { items: [], seen: from }
    saidAtMs = nowMs
    const end = { kind: 'UP_TO_DATE', thumbprint: null, expiresAt: null } as const
    return { items: [{ ...end, cursorPosition: from, occurredAt: new Date() }], seen: from }
  }
}
