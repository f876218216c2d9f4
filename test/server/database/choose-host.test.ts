import { expect, test } from 'vitest'
import { openPostgres } from '../../../server/database/open-postgres.ts'
import { codesOf } from '../../../server/database/error-codes.ts'
import { freePort } from '../../support/server.ts'

test.each(['', '?target_session_attrs=read-write'])(
  'several hosts that do not answer fail with the error of the last one, however often they are tried%s',
  async (target) => {
    const hosts = [await freePort(), await freePort()].map((port) => `127.0.0.1:${String(port)}`)
    const sql = openPostgres(`postgres://claviger:password@${hosts.join(',')}/claviger${target}`, {
      max: 2,
      backoff: () => 0,
    })
    const outcomes: PromiseSettledResult<unknown>[] = []
    // postgres.js keeps the start-up messages that it could not send, and after some sends all of them at once.
    for (let round = 0; round < 20; round++)
      outcomes.push(...(await Promise.allSettled([sql`SELECT 1`, sql`SELECT 2`])))
    await sql.end()
    const codes = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? codesOf(outcome.reason) : ['ANSWERED'],
    )
    expect(new Set(codes)).toEqual(new Set(['ECONNREFUSED']))
  },
)
