/**
 * The least program that does the same work: node:http and postgres.js without GraphQL, whose concurrent questions and
 * acquisitions are gathered into one statement. It takes the bodies of GraphQL requests and looks at their variables only.
 */
import { createServer, type IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { z } from 'zod'
import { connectSql } from '../../server/database/connect.ts'
import { createBatcher } from '../../server/lib/batcher.ts'
import { createSignatureCheck } from './signatures.ts'
import { acquireAll, answerOf, selectKeys, store, type Acquisition, type VerifyInput } from './statements.ts'

const [port = '', databaseUrl = ''] = process.argv.slice(2)
const reads = connectSql(databaseUrl, { max: 1 })
const writes = connectSql(databaseUrl, { max: 10 })
const check = createSignatureCheck(reads, `http://127.0.0.1:${port}`)
const verify = createBatcher((inputs: readonly VerifyInput[]) => selectKeys(reads, inputs), {
  batchMax: 1000,
})
const acquire = createBatcher((all: readonly Acquisition[]) => acquireAll(writes, all), { batchMax: 100 })

const verifyInput = z.object({ owner: z.string(), applicationServer: z.string(), publicKey: z.unknown() })
const storeInput = z.object({
  id: z.string(),
  applicationServer: z.string(),
  publicKey: z.unknown(),
  wrappedKeys: z.array(z.object({ managementKeyId: z.string(), jwe: z.string() })),
})
const variables = z.object({
  variables: z.object({
    id: z.string().optional(),
    inputs: z.array(verifyInput).optional(),
    input: z.union([verifyInput.extend({ id: z.undefined().optional() }), storeInput]).optional(),
  }),
})

async function answer(request: IncomingMessage): Promise<object> {
  const body = await buffer(request)
  const { id, input, inputs } = variables.parse(JSON.parse(body.toString())).variables
  if (inputs !== undefined) {
    const rows = await Promise.all(inputs.map((one) => verify(one)))
    return { verifyPublicKeys: rows.map(answerOf) }
  }
  if (input !== undefined && 'owner' in input) return { verifyPublicKey: answerOf(await verify(input)) }
  const signer = await check(request.headers, body)
  if (id !== undefined) return { wrappedKey: { jwe: await acquire({ signer, transactionKeyId: id }) } }
  if (input === undefined) throw new Error('There is nothing to do.')
  await store(writes, { accountId: signer.accountId, input })
  return { storeTransactionKey: { id: input.id, state: 'ACTIVE' } }
}

createServer((request, response) => {
  answer(request).then(
    (data) => {
      const text = JSON.stringify({ data })
      response
        .writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) })
        .end(text)
    },
    () => response.writeHead(500, { 'Content-Length': 0 }).end(),
  )
}).listen(Number(port), '127.0.0.1')
