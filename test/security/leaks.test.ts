import { randomBytes, randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import { expect, test } from 'vitest'
import { pickText, succeed, useWorld } from '../support/operations.ts'
import {
  call,
  createRawKey,
  openAccount,
  send,
  signRequest,
  storeInput,
  storeMutation,
  wrap,
  wrappedKeyQuery,
  type RawKey,
  type SignedRequest,
} from '../support/raw-client.ts'

const world = useWorld()

/** The secrets of a run, by kind. Each is a text that occurs nowhere by accident. */
interface Secrets {
  /** Private halves and symmetric keys: for the client alone. */
  readonly keys: Set<string>
  /** For the client and the database: not for the log. */
  readonly copies: Set<string>
  /** Nonces and request signatures: not for the log, and signatures not for the database either. */
  readonly nonces: Set<string>
  readonly signatures: Set<string>
}

/** Everything that left the process of a client, and everything that came back. */
const traffic: string[] = []

async function exchange(request: SignedRequest): Promise<Awaited<ReturnType<typeof send>>> {
  const answer = await send(request)
  traffic.push(JSON.stringify(request), JSON.stringify(answer))
  return answer
}

/** Runs the protocol from end to end with successes and refusals, and returns all that was secret in it. */
async function runFlow(): Promise<Secrets> {
  const secrets: Secrets = { keys: new Set(), copies: new Set(), nonces: new Set(), signatures: new Set() }
  const { key } = await openAccount(world.url)
  const stranger = await createRawKey()

  const ask = async (query: string, variables: object = {}, signer: RawKey = key) => {
    const request = await signRequest(world.url, signer, { query, variables })
    remember(secrets, request)
    const answer = await exchange(request)
    return { request, answer }
  }
  const store = async (secret: JWK, changes: Record<string, unknown> = {}) => {
    for (const member of [secret.d, secret.k]) if (member !== undefined) secrets.keys.add(member)
    secrets.keys.add(JSON.stringify(secret))
    const jwe = await wrap(key, secret)
    secrets.copies.add(jwe)
    return storeInput(key, { wrappedKeys: [{ managementKeyId: key.id, jwe }], ...changes })
  }

  const pair = await generateKeyPair('Ed25519', { extractable: true })
  const { kty, crv, x, ...rest } = await exportJWK(pair.privateKey)
  const publicKey = { kty, crv, x }
  const input = await store(
    { kty: 'OKP', crv: 'Ed25519', ...rest },
    { publicKey, maxUses: 1, overusePolicy: 'REFUSE' },
  )
  const symmetric = await store({ kty: 'oct', k: randomBytes(32).toString('base64url') }, { publicKey: null })
  secrets.keys.add(pickText(await exportJWK(key.privateKey), 'd'))

  const stored = await ask(storeMutation, { input })
  expect(stored.answer.errors).toEqual([])
  expect((await ask(storeMutation, { input: symmetric })).answer.errors).toEqual([])
  const acquired = await ask(wrappedKeyQuery, { id: input.id })
  expect(acquired.answer.errors).toEqual([])

  const refusals = [
    await ask(wrappedKeyQuery, { id: input.id }),
    await ask(wrappedKeyQuery, { id: randomUUID() }),
    await ask(storeMutation, { input: { ...symmetric, label: 'other' } }),
    await ask(storeMutation, {
      input: { ...input, id: randomUUID(), publicKey: { ...publicKey, d: rest.d } },
    }),
    await ask(storeMutation, { input: { ...input, id: randomUUID(), wrappedKeys: rest.d } }),
    await ask(storeMutation, { input: { ...input, id: randomUUID(), label: `${rest.d ?? ''}\0` } }),
    await ask(storeMutation, { input: { ...input, id: rest.d } }),
    await ask(`{ transactionKey(id: ${JSON.stringify({ d: rest.d }).replace('"d"', 'd')}) { id } }`),
    await ask(`{ account { id } }`, {}, stranger),
  ]
  for (const { answer } of refusals) expect(answer.errors).not.toEqual([])
  const replayed = await exchange(acquired.request)
  expect(replayed.errors[0]?.extensions['reason']).toBe('SIGNATURE_REPLAYED')
  await ask('mutation ($id: ID!) { revokeTransactionKey(id: $id) { id } }', { id: input.id })
  await ask('mutation ($id: ID!) { destroyTransactionKey(id: $id) { id } }', { id: symmetric.id })
  const verification = await call(world.url, null, {
    query: 'query ($input: VerifyPublicKeyInput!) { verifyPublicKey(input: $input) { state } }',
    variables: {
      input: { owner: 'nobody-of-this-name', applicationServer: 'https://shop.example', publicKey },
    },
  })
  expect(verification.errors).toEqual([])
  return secrets
}

function remember(secrets: Secrets, { headers }: SignedRequest): void {
  secrets.nonces.add(/nonce="([^"]+)"/.exec(headers['signature-input'] ?? '')?.[1] ?? '')
  secrets.signatures.add(/:([^:]+):/.exec(headers['signature'] ?? '')?.[1] ?? '')
}

/** Every row of every table, as text; what is stored as bytes as the bytes' own text, too. */
async function dumpDatabase(): Promise<string> {
  const tables = await world.sql<{ name: string }[]>`
    SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`
  expect(tables.length).toBeGreaterThan(8)
  const rows: string[] = []
  for (const { name } of tables) {
    for (const row of await world.sql.unsafe(`SELECT * FROM ${name}`)) {
      const bytes = Object.values(row).filter((value) => Buffer.isBuffer(value))
      rows.push(
        JSON.stringify(row),
        ...bytes.flatMap((value) => [value.toString('latin1'), value.toString('base64url')]),
      )
    }
  }
  return rows.join('\n')
}

/** The secrets that a text holds: as they are, as JSON quotes them, in base64url, in hex, or percent-encoded. */
function found(text: string, secrets: Iterable<string>): string[] {
  return [...secrets].filter((secret) => {
    expect(secret.length).toBeGreaterThan(15)
    const bytes = Buffer.from(secret)
    const forms = [
      secret,
      JSON.stringify(secret).slice(1, -1),
      bytes.toString('base64url'),
      bytes.toString('hex'),
      Buffer.from(secret, 'base64url').toString('hex'),
      encodeURIComponent(secret),
    ]
    return forms.some((form) => form.length > 15 && text.includes(form))
  })
}

test('no table, no log line and no answer holds a secret, and the log holds no copy, nonce or signature', async () => {
  const secrets = await runFlow()
  const database = await dumpDatabase()
  const log = world.server.logLines.join('\n')
  expect(found(database, secrets.keys)).toEqual([])
  expect(found(database, secrets.signatures)).toEqual([])
  for (const kind of [secrets.keys, secrets.copies, secrets.nonces, secrets.signatures]) {
    expect(found(log, kind)).toEqual([])
  }
  // A secret that was sent by mistake stands in that request, and nowhere else.
  const answers = traffic.filter((_, index) => index % 2 === 1).join('\n')
  expect(found(answers, secrets.keys)).toEqual([])
  // The search finds what is there: the copies that are stored and were handed out, and the nonces of the requests.
  expect(found(answers, secrets.copies)).toHaveLength(1)
  expect(found(database, secrets.copies)).toHaveLength(1)
  expect(found(database, secrets.nonces).length).toBeGreaterThan(3)
  expect(found(traffic.join('\n'), secrets.signatures)).toHaveLength(secrets.signatures.size)
})

test.for([
  ['text', (secret: string) => world.sql`UPDATE management_keys SET label = ${secret}`],
  [
    'JSON',
    (secret: string) =>
      world.sql`UPDATE management_keys SET signing_key = jsonb_build_object('d', ${secret}::text)`,
  ],
  [
    'bytes',
    (secret: string) => world.sql`UPDATE transaction_keys SET content_hash = convert_to(${secret}, 'UTF8')`,
  ],
  [
    'decoded bytes',
    (secret: string) =>
      world.sql`UPDATE transaction_keys SET content_hash = ${Buffer.from(secret, 'base64url')}`,
  ],
] as const)('a secret that is planted in the database as %s is found', async ([, plant]) => {
  const { key } = await openAccount(world.url)
  await succeed(world.url, key, { query: storeMutation, variables: { input: await storeInput(key) } })
  const secret = randomBytes(32).toString('base64url')
  expect(found(await dumpDatabase(), [secret])).toEqual([])
  await plant(secret)
  expect(found(await dumpDatabase(), [secret])).toEqual([secret])
})

test('a secret that is planted in a log line is found', () => {
  const secret = randomBytes(32).toString('base64url')
  const line = JSON.stringify({ level: 50, msg: `failed for ${secret}` })
  expect(found(line, [secret])).toEqual([secret])
  expect(found(line, [randomBytes(32).toString('base64url')])).toEqual([])
})
