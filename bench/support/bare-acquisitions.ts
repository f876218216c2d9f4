/**
 * What an acquisition costs without GraphQL and without a signature to check: node:http and postgres.js, and the same
 * database function, which consumes the nonce, counts, and reads the copy. `POST` of { accountId, managementKeyId, nonce,
 * created, expires, transactionKeyId }.
 */
import { createServer, type IncomingMessage } from 'node:http'
import { z } from 'zod'
import { connectSql } from '../../server/database/connect.ts'
import { acquire } from './acquire.ts'

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

createServer((request, response) => {
  answer(request).then(
    (body) => {
      const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }
      response.writeHead(200, headers).end(body)
    },
    () => response.writeHead(500, { 'Content-Length': 0 }).end(),
  )
}).listen(Number(port), '127.0.0.1')

async function answer(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of request) if (chunk instanceof Uint8Array) chunks.push(chunk)
  const [row] = await acquire(sql, asked.parse(JSON.parse(Buffer.concat(chunks).toString('utf8'))))
  return JSON.stringify(row?.outcome === 'GRANTED' ? { jwe: row.copy } : { outcome: row?.outcome })
}
