/**
 * What verification costs without GraphQL: a plain endpoint on node:http and postgres.js that parses the same key and runs
 * the same statement. `POST` of a list of { owner, applicationServer, publicKey }; it answers with a list.
 */
import { createServer, type IncomingMessage } from 'node:http'
import { z } from 'zod'
import { parsePublicJwkForm } from '../../schema/wire/jwk.ts'
import { accountIdOf } from '../../server/accounts/account-id.ts'
import { connectDatabases } from '../../server/database/connect.ts'
import { lookUp } from '../../server/verification/look-up.ts'
import { thumbprintOf } from '../../server/verification/verification.ts'

const [port = '', databaseUrl = ''] = process.argv.slice(2)
const databases = connectDatabases({ url: databaseUrl, writeConnectionsMax: 1 })
const asked = z.array(z.object({ owner: z.string(), applicationServer: z.string(), publicKey: z.unknown() }))

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
  const inputs = asked.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')))
  const questions = inputs.map(({ owner, applicationServer, publicKey }) => ({
    accountId: accountIdOf(owner),
    applicationServer,
    thumbprint: thumbprintOf(parsePublicJwkForm(publicKey)),
  }))
  return JSON.stringify(await lookUp(databases, questions))
}
