/**
 * GraphQL as most of its authors set it up: GraphQL Yoga, a Pothos schema, Drizzle queries, each as its documentation has it.
 * Acquisitions check the same signature as the key server does; what is stored is neither signed nor certified.
 */
import { createServer } from 'node:http'
import SchemaBuilder from '@pothos/core'
import { and, eq } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/postgres-js'
import { createYoga } from 'graphql-yoga'
import { z } from 'zod'
import { transactionKeys, transactionKeyUsage } from '../../schema/tables/index.ts'
import { accountIdOf } from '../../server/lib/account-id.ts'
import { connectSql } from '../../server/database/connect.ts'
import { createSignatureCheck, type Signer } from './signatures.ts'
import { acquire, answerOf, questionOf, type VerifyInput } from './statements.ts'

const [port = '', databaseUrl = ''] = process.argv.slice(2)
const sql = connectSql(databaseUrl, { max: 10 })
const db = drizzle(sql)
const check = createSignatureCheck(sql, `http://127.0.0.1:${port}`)

const builder = new SchemaBuilder<{
  Context: { signer: Signer | null }
  Scalars: { JSON: { Input: unknown; Output: unknown } }
}>({})
builder.scalarType('JSON', { serialize: (value) => value, parseValue: (value) => value })

const Verification = builder.objectRef<ReturnType<typeof answerOf>>('PublicKeyVerification').implement({
  fields: (t) => ({
    coincides: t.exposeBoolean('coincides'),
    valid: t.exposeBoolean('valid'),
    state: t.exposeString('state', { nullable: true }),
    certificate: t.exposeString('certificate', { nullable: true }),
  }),
})
const WrappedKey = builder.objectRef<{ jwe: string }>('WrappedKey').implement({
  fields: (t) => ({ jwe: t.exposeString('jwe') }),
})
const TransactionKey = builder.objectRef<{ id: string; state: string }>('TransactionKey').implement({
  fields: (t) => ({ id: t.exposeID('id'), state: t.exposeString('state') }),
})
const VerifyPublicKeyInput = builder.inputType('VerifyPublicKeyInput', {
  fields: (t) => ({
    owner: t.string({ required: true }),
    applicationServer: t.string({ required: true }),
    publicKey: t.field({ type: 'JSON', required: true }),
  }),
})
const WrappedKeyInput = builder.inputType('WrappedKeyInput', {
  fields: (t) => ({ managementKeyId: t.string({ required: true }), jwe: t.string({ required: true }) }),
})
const StoreTransactionKeyInput = builder.inputType('StoreTransactionKeyInput', {
  fields: (t) => ({
    id: t.id({ required: true }),
    applicationServer: t.string({ required: true }),
    publicKey: t.field({ type: 'JSON', required: true }),
    wrappedKeys: t.field({ type: [WrappedKeyInput], required: true }),
    certificate: t.string(),
    expiresAt: t.string(),
  }),
})

builder.queryType({
  fields: (t) => ({
    verifyPublicKey: t.field({
      type: Verification,
      args: { input: t.arg({ type: VerifyPublicKeyInput, required: true }) },
      resolve: (_root, { input }) => verify(input),
    }),
    verifyPublicKeys: t.field({
      type: [Verification],
      args: { inputs: t.arg({ type: [VerifyPublicKeyInput], required: true }) },
      resolve: (_root, { inputs }) => Promise.all(inputs.map(verify)),
    }),
    wrappedKey: t.field({
      type: WrappedKey,
      nullable: true,
      args: { transactionKeyId: t.arg.id({ required: true }) },
      resolve: async (_root, { transactionKeyId }, { signer }) => {
        const jwe = signer && (await acquire(sql, { signer, transactionKeyId }))
        return typeof jwe === 'string' ? { jwe } : null
      },
    }),
  }),
})
builder.mutationType({
  fields: (t) => ({
    storeTransactionKey: t.field({
      type: TransactionKey,
      args: { input: t.arg({ type: StoreTransactionKeyInput, required: true }) },
      resolve: async (_root, { input }) => {
        const { id, applicationServer, publicKey } = input
        const { thumbprint } = questionOf({ owner: '', applicationServer, publicKey })
        await db.insert(transactionKeys).values({
          accountId: accountIdOf('owner-0'),
          id,
          applicationServer,
          thumbprint,
          expiryNotices: [],
          hasDefaultNotices: true,
          contentHash: new Uint8Array(),
        })
        return { id, state: 'ACTIVE' }
      },
    }),
  }),
})

async function verify(input: VerifyInput) {
  const { accountId, applicationServer, thumbprint } = questionOf(input)
  const [row] = await db
    .select({
      revoked_at: transactionKeyUsage.revokedAt,
      not_before: transactionKeys.notBefore,
      expires_at: transactionKeys.expiresAt,
      certificate: transactionKeys.certificate,
    })
    .from(transactionKeys)
    .innerJoin(
      transactionKeyUsage,
      and(
        eq(transactionKeyUsage.accountId, transactionKeys.accountId),
        eq(transactionKeyUsage.transactionKeyId, transactionKeys.id),
      ),
    )
    .where(
      and(
        eq(transactionKeys.accountId, accountId),
        eq(transactionKeys.applicationServer, applicationServer),
        eq(transactionKeys.thumbprint, thumbprint),
      ),
    )
  return answerOf(row)
}

const signers = new WeakMap<Request, Signer>()
const yoga = createYoga({
  schema: builder.toSchema(),
  context: ({ request }) => ({ signer: signers.get(request) ?? null }),
  plugins: [
    {
      onRequestParse({ request, setRequestParser }) {
        if (!request.headers.has('signature')) return
        setRequestParser(async () => {
          const body = new Uint8Array(await request.arrayBuffer())
          signers.set(request, await check(Object.fromEntries(request.headers), body))
          return z.record(z.string(), z.unknown()).parse(JSON.parse(new TextDecoder().decode(body)))
        })
      },
    },
  ],
})

createServer((request, response) => void yoga(request, response)).listen(Number(port), '127.0.0.1')
