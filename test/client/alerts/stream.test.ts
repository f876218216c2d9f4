import { afterEach, describe, expect, test } from 'vitest'
import { streamAlerts, type AlertStreamOptions } from '../../../client/alerts/stream.ts'
import type { ConnectionChange } from '../../../client/alerts/connection-change.ts'
import type { Session } from '../../../client/trust/session.ts'
import { decodeCursor } from '../../../schema/wire/cursor.ts'
import {
  cursorAt,
  sessionWith,
  startScriptedServer,
  type ScriptedServer,
  type Subscription,
} from '../../support/scripted-server.ts'

let server: ScriptedServer | undefined
afterEach(() => server?.stop())

const positionOf = (cursor: unknown) =>
  typeof cursor === 'string' ? Number(decodeCursor('alert', cursor)) : cursor

async function start(...parameters: Parameters<typeof startScriptedServer>): Promise<ScriptedServer> {
  server = await startScriptedServer(...parameters)
  return server
}

/** Reads this many positions, and leaves. */
async function take(count: number, from: Session, options?: AlertStreamOptions): Promise<unknown[]> {
  const positions: unknown[] = []
  for await (const { cursor } of streamAlerts(from, options)) {
    if (positions.push(positionOf(cursor)) === count) break
  }
  return positions
}

/** Sends every position after the cursor up to `newest`, at most `batch` of them. */
function replay(
  { after, next }: Subscription,
  { newest, batch = Infinity }: { newest: number; batch?: number },
) {
  const from = positionOf(after) ?? 0
  if (typeof from !== 'number') return
  for (let position = from + 1; position <= Math.min(newest, from + batch); position += 1) next(position)
}

describe('an alert stream', () => {
  test('begins after the newest alert, or after the cursor that is given', async () => {
    const { url, subscriptions } = await start((subscription) => {
      replay(subscription, { newest: 9 })
    })
    expect(await take(2, await sessionWith(url, { newest: 7 }))).toEqual([8, 9])
    expect(await take(2, await sessionWith(url), { after: cursorAt(3) })).toEqual([4, 5])
    expect(await take(1, await sessionWith(url, { newest: null }))).toEqual([1])
    expect(subscriptions.map(({ after }) => positionOf(after))).toEqual([7, 3, 0])
  })

  test.each([
    { how: 'the TCP connection is cut', end: (subscription: Subscription) => subscription.cut() },
    { how: 'the server goes away', end: (subscription: Subscription) => subscription.close(1001) },
    { how: 'the server closes normally', end: (subscription: Subscription) => subscription.close(1000) },
    { how: 'the server completes', end: (subscription: Subscription) => subscription.complete() },
    {
      how: 'the server asks for it',
      end: (subscription: Subscription) => subscription.error({ code: 'RESYNC_REQUIRED' }),
    },
  ])('goes on after the last delivered alert when $how', async ({ end }) => {
    const { url, subscriptions } = await start((subscription) => {
      replay(subscription, { newest: 9, batch: 3 })
      setTimeout(() => {
        end(subscription)
      }, 20)
    })
    expect(await take(9, await sessionWith(url), { after: cursorAt(0) })).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(subscriptions.map(({ after }) => positionOf(after))).toEqual([0, 3, 6])
  })

  test('signs every connection afresh', async () => {
    const { url, subscriptions } = await start((subscription) => {
      replay(subscription, { newest: 2, batch: 1 })
      subscription.cut()
    })
    // The cut may overtake an alert; then one more connection brings it.
    await take(2, await sessionWith(url), { after: cursorAt(0) })
    const inputs = subscriptions.map(({ payload }) => payload['signature-input'])
    expect(inputs.length).toBeGreaterThanOrEqual(2)
    expect(new Set(inputs).size).toBe(inputs.length)
    expect(inputs[0]).toMatch(/^sig=\("@method" "@target-uri"\);.*tag="claviger-ws"$/)
  })

  test('holds back a bounded number for a slow reader, and loses and repeats none', async () => {
    const { url, subscriptions } = await start((subscription) => {
      replay(subscription, { newest: 1000 })
    })
    const positions: unknown[] = []
    for await (const { cursor } of streamAlerts(await sessionWith(url), { after: cursorAt(0) })) {
      if (positions.length === 0) await new Promise((resolve) => setTimeout(resolve, 300))
      if (positions.push(positionOf(cursor)) === 1000) break
    }
    expect(positions).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1))
    expect(subscriptions.length).toBeGreaterThan(1)
    for (const [index, { after }] of subscriptions.entries()) {
      const previous = subscriptions[index - 1]
      if (previous === undefined) continue
      expect(Number(positionOf(after)) - Number(positionOf(previous.after))).toBeLessThanOrEqual(257)
    }
  })

  test('corrects its clock when the signature has expired, and then goes on', async () => {
    const { url } = await start(
      (subscription) => {
        replay(subscription, { newest: 1 })
      },
      { refuse: (connection) => (connection === 0 ? { code: 4403, reason: 'SIGNATURE_EXPIRED' } : null) },
    )
    const minutesAgo = () => Date.now() - 240_000
    const session = await sessionWith(url, { nowMs: minutesAgo })
    expect(await take(1, session)).toEqual([1])
    expect(Math.abs(session.clock.nowSeconds() - Date.now() / 1000)).toBeLessThan(5)
  })

  test('throws with both times when its clock is off by more than can be corrected', async () => {
    const { url } = await start(() => undefined, {
      refuse: () => ({ code: 4403, reason: 'SIGNATURE_EXPIRED' }),
    })
    const session = await sessionWith(url, { nowMs: () => Date.now() - 3_600_000 })
    await expect(take(1, session)).rejects.toMatchObject({
      code: 'CLOCKS_DIFFER',
      message: expect.stringContaining('seconds apart'),
    })
    expect(session.clock.correctionMs).toBe(0)
  })

  test('throws when its signature is still expired after the clock was corrected', async () => {
    const { url } = await start(() => undefined, {
      refuse: () => ({ code: 4403, reason: 'SIGNATURE_EXPIRED' }),
    })
    await expect(take(1, await sessionWith(url))).rejects.toMatchObject({
      details: { reason: 'SIGNATURE_EXPIRED' },
    })
  })

  test('throws when the management key is refused', async () => {
    const { url } = await start(() => undefined, {
      refuse: () => ({ code: 4403, reason: 'SIGNATURE_INVALID' }),
    })
    await expect(take(1, await sessionWith(url))).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      details: { reason: 'SIGNATURE_INVALID' },
    })
  })

  test.each(['BAD_USER_INPUT', 'FORBIDDEN'])('throws %s, and leaves no socket open', async (code) => {
    const { url, openSockets } = await start((subscription) => {
      subscription.refuse({ code, field: 'after' })
    })
    await expect(take(1, await sessionWith(url), { after: 'garbage' })).rejects.toMatchObject({ code })
    await expect.poll(openSockets).toBe(0)
  })

  test('leaves no socket open however often it is refused and tries again', async () => {
    const { url, openSockets, subscriptions } = await start((subscription) => {
      subscription.refuse({ code: 'UNAVAILABLE' })
    })
    const left = new AbortController()
    const reading = take(1, await sessionWith(url), { after: cursorAt(1), signal: left.signal })
    await expect.poll(() => subscriptions.length).toBeGreaterThan(2)
    left.abort()
    expect(await reading).toEqual([])
    await expect.poll(openSockets).toBe(0)
  })

  test.each(['BAD_USER_INPUT', 'FORBIDDEN'])('throws %s', async (code) => {
    const { url } = await start((subscription) => {
      subscription.error({ code })
    })
    await expect(take(1, await sessionWith(url), { after: cursorAt(1) })).rejects.toMatchObject({ code })
  })

  test('without a cursor of its caller survives that old alerts are no longer kept', async () => {
    const { url } = await start((subscription) => {
      if (subscription.after === null) subscription.next(5)
      else subscription.error({ code: 'CURSOR_EXPIRED' })
    })
    expect(await take(1, await sessionWith(url))).toEqual([5])
  })

  test.each([
    { code: 'CURSOR_EXPIRED', after: cursorAt(3) },
    // An older key server, met during a rolling upgrade, does not take the cursor of a newer one for a cursor.
    { code: 'BAD_USER_INPUT', after: undefined },
  ])('goes on after its history when its own cursor is answered with $code', async ({ code, after }) => {
    let isUpgraded = false
    const { url } = await start((subscription) => {
      if (isUpgraded) replay(subscription, { newest: 9 })
      else {
        isUpgraded = true
        subscription.error({ code, field: 'after' })
      }
    })
    const changes: ConnectionChange[] = []
    const onConnectionChange = (change: ConnectionChange) => {
      changes.push(change)
    }
    const session = await sessionWith(url, { newest: 3, history: [1, 2, 3] })
    expect(await take(5, session, { after, onConnectionChange })).toEqual([1, 2, 3, 4, 5])
    expect(changes.map(({ state }) => state)).toContain('resumed-from-history')
  })

  test('goes on when the listener of its connection throws', async () => {
    const { url } = await start((subscription) => {
      replay(subscription, { newest: 1 })
    })
    const onConnectionChange = () => {
      throw new Error('The listener is broken.')
    }
    expect(await take(1, await sessionWith(url), { onConnectionChange })).toEqual([1])
  })

  test('keeps trying while there is no server', async () => {
    const { url, stop } = await startScriptedServer(() => undefined)
    await stop()
    const left = new AbortController()
    setTimeout(() => {
      left.abort()
    }, 600)
    expect(await take(1, await sessionWith(url), { signal: left.signal })).toEqual([])
  })
})

describe('an alert stream ends', () => {
  test('when its signal is aborted, without what was waiting', async () => {
    const { url } = await start((subscription) => {
      replay(subscription, { newest: 20 })
    })
    const left = new AbortController()
    const positions: unknown[] = []
    for await (const { cursor } of streamAlerts(await sessionWith(url), { signal: left.signal })) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      positions.push(positionOf(cursor))
      left.abort()
    }
    expect(positions).toEqual([1])
  })

  test('at once when its signal is aborted before it begins', async () => {
    const { url, subscriptions } = await start(() => undefined)
    expect(await take(1, await sessionWith(url), { signal: AbortSignal.abort() })).toEqual([])
    expect(subscriptions).toHaveLength(0)
  })

  test('when it is left while a read waits, and closes its socket', async () => {
    const { url, openSockets, subscriptions } = await start(() => undefined)
    const stream = streamAlerts(await sessionWith(url))
    const waiting = stream.next()
    await expect.poll(() => subscriptions).toHaveLength(1)
    expect(openSockets()).toBe(1)
    await stream.return?.()
    await expect.poll(openSockets).toBe(0)
    expect(await waiting).toEqual({ done: true, value: undefined })
  })
})
