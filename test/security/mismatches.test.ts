import { createHash } from 'node:crypto'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { accountIdOf } from '../../server/lib/account-id.ts'
import { connectDatabases } from '../../server/database/connect.ts'
import { MismatchAlarm } from '../../server/verification/mismatch-alarm.ts'
import { useWorld } from '../support/operations.ts'
import { openAccount, storeKey } from '../support/raw-client.ts'

const world = useWorld()
/** The client may report as many as it likes. */
const rates = { tryTake: () => true }

function strangeThumbprint(number: number): string {
  return createHash('sha256').update(String(number)).digest('base64url')
}

test('whoever shows ten thousand keys in one name keeps no alarm from another', async () => {
  const { name, key } = await openAccount(world.url)
  const { applicationServer } = await storeKey(world.url, key)
  const databases = connectDatabases({ url: world.server.databaseUrl, writeConnectionsMax: 1 })
  const alarm = new MismatchAlarm(databases, { log: pino({ level: 'silent' }) })
  for (let number = 0; number < 10_500; number++) {
    alarm.report({
      accountId: accountIdOf('somebody'),
      applicationServer: 'https://shop.example',
      thumbprint: strangeThumbprint(number),
      rates,
    })
  }
  const accountId = accountIdOf(name)
  alarm.report({
    accountId,
    applicationServer: String(applicationServer),
    thumbprint: strangeThumbprint(0),
    rates,
  })
  await alarm.end()
  await databases.close()
  const alerted =
    await world.sql`SELECT count(*)::int AS alerts FROM mismatches WHERE account_id = ${accountId}`
  expect(alerted).toMatchObject([{ alerts: 1 }])
})

test('whoever shows ten thousand keys in the name of an owner, each at another server, keeps no alarm from that owner', async () => {
  const { name, key } = await openAccount(world.url)
  const { applicationServer } = await storeKey(world.url, key)
  const databases = connectDatabases({ url: world.server.databaseUrl, writeConnectionsMax: 1 })
  const alarm = new MismatchAlarm(databases, { log: pino({ level: 'silent' }) })
  const accountId = accountIdOf(name)
  for (let number = 0; number < 10_500; number++) {
    const made = `https://made-up-${String(number)}.example`
    alarm.report({ accountId, applicationServer: made, thumbprint: strangeThumbprint(number), rates })
  }
  alarm.report({
    accountId,
    applicationServer: String(applicationServer),
    thumbprint: strangeThumbprint(0),
    rates,
  })
  await alarm.end()
  await databases.close()
  const alerted =
    await world.sql`SELECT count(*)::int AS alerts FROM mismatches WHERE account_id = ${accountId}`
  expect(alerted).toMatchObject([{ alerts: 1 }])
})
