/**
 * The GraphQL server for Node that is called the fastest: Fastify with mercurius, its compiled execution, and postgres.js with
 * prepared statements. Acquisitions check the same signature as the key server does; what is stored is neither signed nor
 * certified.
 */
import fastify from 'fastify'
import mercurius from 'mercurius'
import { connectSql } from '../../server/database/connect.ts'
import { accountIdOf } from '../../server/lib/account-id.ts'
import { createSignatureCheck } from './signatures.ts'
import { acquire, answerOf, selectKey, store } from './statements.ts'

const [port = '', databaseUrl = ''] = process.argv.slice(2)
const sql = connectSql(databaseUrl, { max: 10 })
const check = createSignatureCheck(sql, `http://127.0.0.1:${port}`)

const schema = `
  scalar JSON
  input VerifyPublicKeyInput { owner: String!, applicationServer: String!, publicKey: JSON! }
  input WrappedKeyInput { managementKeyId: String!, jwe: String! }
  input StoreTransactionKeyInput {
    id: ID!, applicationServer: String!, publicKey: JSON!, wrappedKeys: [WrappedKeyInput!]!, certificate: String,
    expiresAt: String
  }
  type PublicKeyVerification { coincides: Boolean!, valid: Boolean!, state: String, certificate: String }
  type WrappedKey { jwe: String! }
  type TransactionKey { id: ID!, state: String! }
  type Query {
    verifyPublicKey(input: VerifyPublicKeyInput!): PublicKeyVerification!
    verifyPublicKeys(inputs: [VerifyPublicKeyInput!]!): [PublicKeyVerification!]!
    wrappedKey(transactionKeyId: ID!): WrappedKey
  }
  type Mutation { storeTransactionKey(input: StoreTransactionKeyInput!): TransactionKey! }
`

const verify = async (input) => answerOf(await selectKey(sql, input))

const resolvers = {
  Query: {
    verifyPublicKey: (_root, { input }) => verify(input),
    verifyPublicKeys: (_root, { inputs }) => Promise.all(inputs.map(verify)),
    wrappedKey: async (_root, { transactionKeyId }, { signer }) => {
      const jwe = signer && (await acquire(sql, { signer, transactionKeyId }))
      return jwe === undefined ? null : { jwe }
    },
  },
  Mutation: {
    storeTransactionKey: async (_root, { input }) => {
      await store(sql, { accountId: accountIdOf('owner-0'), input })
      return { id: input.id, state: 'ACTIVE' }
    },
  },
}

const app = fastify()
// The signature covers the bytes of the body.
app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (request, body) => {
  if (request.headers.signature !== undefined) request.signer = await check(request.headers, body)
  return JSON.parse(body.toString())
})
app.decorateRequest('signer', null)
await app.register(mercurius, { schema, resolvers, jit: 1, context: ({ signer }) => ({ signer }) })
await app.listen({ port: Number(port), host: '127.0.0.1' })
