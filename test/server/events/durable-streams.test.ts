import { expect, test } from 'vitest'
import { DurableStreams } from '../../../server/events/durable-streams.ts'
import { Notifications } from '../../../server/events/notifications.ts'
import { streamsPerPrincipalMax } from '../../../server/lib/transport-limits.ts'

const at = { position: 0, atMs: null }

function open(
  streams: DurableStreams,
  { principalId = 'account', keyId }: { principalId?: string; keyId: string },
) {
  return streams.open({
    principalId,
    keyId,
    begin: () => Promise.resolve(at),
    read: () => Promise.resolve({ items: [], seen: at }),
  })
}

test('60 keys of one account have 300 subscriptions together, and those of another account are none of them', async () => {
  const streams = new DurableStreams({
    notifications: new Notifications(),
    revocations: { watch: () => () => undefined },
    pollMs: 5_000,
    stopping: new AbortController().signal,
  })
  const opened = []
  for (let count = 0; count < streamsPerPrincipalMax; count++) {
    opened.push(await open(streams, { keyId: `key ${String(count % 60)}` }))
  }
  await expect(open(streams, { keyId: 'key 60' })).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  const other = await open(streams, { principalId: 'another', keyId: 'other key' })
  await opened[0]?.return()
  opened.push(await open(streams, { keyId: 'key 60' }))
  // A refusal takes no place of the key.
  await expect(open(streams, { keyId: 'key 61' })).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  for (const stream of [...opened, other]) await stream.return()
})
