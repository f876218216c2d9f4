/**
 * Compares the key servers of two working trees: this one and another one of the same protocol, e.g. of an earlier
 * commit. It measures acquisitions, verifications and stored keys a second over HTTP, and uses the API alone, so that the
 * trees may lay out their tables as they like. Both servers run at once, each on an embedded PostgreSQL of its
 * own, and are measured in turns for short times, so that what else the machine does affects both. Only the
 * ratios mean something: of the rates the median over all rounds, and of the processor time that the server's process
 * used for a request, which other programs disturb less.
 *
 *   node bench/compare.ts OTHER_TREE [rounds]     by default 15 rounds, about 3 minutes
 */
import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { exportJWK, generateKeyPair } from 'jose'
import { parsePublicJwk, parseSigningJwk, type PublicJwk } from '../schema/wire/keys/jwk.ts'
import { thumbprint } from '../schema/wire/keys/thumbprint.ts'
import { startBenchDatabase } from './support/database.ts'
import { percentile, print } from './support/figures.ts'
import { generateLoad } from './support/load.ts'
import { batchSize, documents, jweFor } from './support/operations.ts'
import { applicationServer, type Owner } from './support/owners.ts'
import { startKeyServer, type BenchServer } from './support/processes.ts'
import { httpRequest, signRequest } from './support/signing.ts'

const [otherTree, roundsGiven = '15'] = process.argv.slice(2)
const rounds = Number(roundsGiven)
const warmUpRounds = 4
const measuredMs = 500
const accounts = 20
const keysEach = 5

/** A measured time of one kind of requests. */
interface Trial {
  readonly connections: number
  /** The measured time is over when they are used up. */
  readonly requestsMax: number
  /** In every right answer. */
  readonly expected: string
}

const granted = '"jwe":"ey'
const valid = '"valid":true'
const trials = {
  acquire: { connections: 32, requestsMax: 1_500, expected: granted },
  'acquire a hot key': { connections: 32, requestsMax: 1_500, expected: granted },
  verify: { connections: 32, requestsMax: 3_000, expected: valid },
  'verify lone': { connections: 2, requestsMax: 1_500, expected: valid },
  'verify 50 at once': { connections: 8, requestsMax: 500, expected: valid },
  store: { connections: 32, requestsMax: 1_000, expected: '"state":"ACTIVE"' },
} as const satisfies Record<string, Trial>

/** One tree's server, and what was stored on it. */
interface Side {
  readonly server: BenchServer
  readonly stored: readonly StoredKey[]
  readonly stop: () => Promise<void>
}

type Signer = Pick<Owner, 'managementKeyId' | 'privateKey'>

interface StoredKey {
  readonly owner: Signer
  readonly name: string
  readonly id: string
  readonly publicKey: PublicJwk
}

type Work = keyof typeof trials
const works = Object.keys(trials).filter((name): name is Work => name in trials)

if (otherTree === undefined || !(rounds >= 1)) {
  process.stderr.write('Usage: node bench/compare.ts OTHER_TREE [rounds]\n')
  process.exitCode = 2
} else {
  await compare(resolve(otherTree))
}

async function compare(tree: string): Promise<void> {
  const here = await startSide({})
  try {
    const other = await startSide({ main: pathToFileURL(`${tree}/server/main.ts`).href })
    try {
      await report({ here, other })
    } finally {
      await other.stop()
    }
  } finally {
    await here.stop()
  }
}

async function startSide(program: { readonly main?: string }): Promise<Side> {
  const database = await startBenchDatabase({ isMigrated: false })
  try {
    const server = await startKeyServer(database.url, program)
    const stop = async () => {
      await server.stop()
      await database.stop()
    }
    try {
      return { server, stored: await fill(server.url), stop }
    } catch (error) {
      await server.stop()
      throw error
    }
  } catch (error) {
    await database.stop()
    throw error
  }
}

/** One server's figures of one measured time. */
interface Measured {
  readonly perSecond: number
  readonly requests: number
  readonly processorMs: number
}

async function report({ here, other }: { readonly here: Side; readonly other: Side }): Promise<void> {
  print('            a second: here  other   ratio (quartiles)       processor ms: here  other   ratio')
  for (const work of works) {
    const measured: Record<'here' | 'other', Measured[]> = { here: [], other: [] }
    // Until the compiler has optimized what runs often.
    for (let round = 0; round < warmUpRounds; round++) {
      await measure(here, work)
      await measure(other, work)
    }
    for (let round = 0; round < rounds; round++) {
      // Each goes first in half of the rounds.
      if (round % 2 === 0) measured.here.push(await measure(here, work))
      measured.other.push(await measure(other, work))
      if (round % 2 === 1) measured.here.push(await measure(here, work))
    }
    print(describe(work, measured))
  }
}

function describe(
  work: Work,
  { here, other }: Readonly<Record<'here' | 'other', readonly Measured[]>>,
): string {
  const ratios = here.map(({ perSecond }, round) => perSecond / (other[round]?.perSecond ?? NaN))
  const ratioAt = (share: number) => percentile(ratios, share).toFixed(3)
  const [mine = NaN, others = NaN] = [here, other].map(processorMsEach)
  const rateOf = (all: readonly Measured[]) =>
    percentile(
      all.map(({ perSecond }) => perSecond),
      0.5,
    )
      .toFixed(0)
      .padStart(7)
  return [
    `  ${work.padEnd(18)}${rateOf(here)}${rateOf(other)}   ${ratioAt(0.5)} (${ratioAt(0.25)} to ${ratioAt(0.75)})`,
    `${mine.toFixed(3).padStart(19)}  ${others.toFixed(3)}   ${(mine / others).toFixed(3)}`,
  ].join('')
}

/** The server's processor time for one request. */
function processorMsEach(all: readonly Measured[]): number {
  const sum = (of: (one: Measured) => number) => all.reduce((total, one) => total + of(one), 0)
  return sum(({ processorMs }) => processorMs) / sum(({ requests }) => requests)
}

async function measure({ server, stored }: Side, work: Work): Promise<Measured> {
  const { connections, requestsMax, expected } = trials[work]
  const isHot = work === 'acquire a hot key'
  const requests: Uint8Array[] = []
  for (let index = 0; index < requestsMax; index++) {
    requests.push(await requestOf(server.url, work, (more) => keyOfTurn(stored, isHot ? 0 : index + more)))
  }
  const beganMs = await server.processorMs()
  const load = await generateLoad(requests, { url: server.url, connections, forMs: measuredMs, expected })
  return {
    perSecond: load.perSecond,
    requests: load.latenciesMs.length,
    processorMs: (await server.processorMs()) - beganMs,
  }
}

function keyOfTurn(stored: readonly StoredKey[], turn: number): StoredKey {
  const key = stored[turn % stored.length]
  if (key === undefined) throw new TypeError('Keys were stored.')
  return key
}

/** @param keyAt the key whose turn it is, or one of those after it */
async function requestOf(url: string, work: Work, keyAt: (more: number) => StoredKey): Promise<Uint8Array> {
  const unsigned = (operation: object) => httpRequest(new URL(`${url}/graphql`), JSON.stringify(operation))
  const inputOf = ({ name, publicKey }: StoredKey) => ({ owner: name, applicationServer, publicKey })
  const acquisitionOf = ({ owner, id }: StoredKey) =>
    signRequest(url, owner, JSON.stringify({ query: documents.acquire, variables: { id } }))
  switch (work) {
    case 'verify':
    case 'verify lone':
      return unsigned({ query: documents.verifyOne, variables: { input: inputOf(keyAt(0)) } })
    case 'verify 50 at once': {
      const inputs = Array.from({ length: batchSize }, (_, more) => inputOf(keyAt(more)))
      return unsigned({ query: documents.verifyMany, variables: { inputs } })
    }
    case 'acquire':
    case 'acquire a hot key':
      return acquisitionOf(keyAt(0))
    case 'store': {
      const { owner } = keyAt(0)
      return signRequest(url, owner, JSON.stringify(storeOperation(owner, { id: randomUUID() })))
    }
  }
}

/** Opens accounts and stores keys, all by signed requests. */
async function fill(url: string): Promise<StoredKey[]> {
  const stored: StoredKey[] = []
  for (let account = 0; account < accounts; account++) {
    const name = `owner-${String(account)}`
    const pair = await generateKeyPair('Ed25519', { extractable: true })
    const signingKey = parseSigningJwk(await exportJWK(pair.publicKey))
    const managementKeyId = await thumbprint(signingKey)
    const owner = { managementKeyId, privateKey: pair.privateKey }
    await send(url, owner, {
      query: 'mutation ($input: OpenAccountInput!) { openAccount(input: $input) { id } }',
      variables: { input: { name, managementKey: { label: 'bench', signingKey } } },
    })
    for (let key = 0; key < keysEach; key++) {
      const { publicKey: cryptoKey } = await generateKeyPair('Ed25519', { extractable: true })
      const publicKey = parsePublicJwk(await exportJWK(cryptoKey))
      const id = randomUUID()
      await send(url, owner, storeOperation(owner, { id, publicKey }))
      stored.push({ owner, name, id, publicKey })
    }
  }
  return stored
}

function storeOperation(
  { managementKeyId }: Signer,
  { id, publicKey }: { readonly id: string; readonly publicKey?: PublicJwk },
) {
  const wrappedKeys = [{ managementKeyId, jwe: jweFor(managementKeyId) }]
  return {
    query: documents.store,
    variables: { input: { id, applicationServer, publicKey, wrappedKeys } },
  }
}

async function send(url: string, owner: Signer, operation: object): Promise<void> {
  const request = await signRequest(url, owner, JSON.stringify(operation))
  await generateLoad([request], { url, connections: 1, forMs: 10_000, expected: '"data":{' })
}
