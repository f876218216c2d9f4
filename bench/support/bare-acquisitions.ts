/**
 * What an acquisition costs without GraphQL and without a signature to check: node:http and postgres.js, and the same
 * database function, which consumes the nonce, counts, and reads the copy. `POST` of { accountId, managementKeyId, nonce,
 * created, expires, transactionKeyId }.
 */
import { z } from 'zod'
import { connectSql } from '../../server/database/connect.ts'
import { acquire } from './acquire.ts'
import { serveJson } from './bare-server.ts'

const [port = '', databaseUrl = ''] = process.argv.slice(2)
const sql = connectSql(databaseUrl, { max: 10 })
const asked = z.object({
  accountId: z.string(),
  managementKeyId: z.string(),
  nonce: z.string(),
  created: z.number(),
  expires: z.number(),
  transactionKeyId: z.string(),
})

serveJson(port, async (body) => {
  const [row] = await acquire(sql, asked.parse(body))
  return row?.outcome === 'GRANTED' ? { jwe: row.wrapped_key } : { outcome: row?.outcome }
})
