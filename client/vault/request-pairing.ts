import { renderUnicodeCompact } from 'uqr'
import { isThumbprint } from '../../schema/wire/brands.ts'
import { parseStatement, signStatement } from '../../schema/wire/statements/statement.ts'
import { assertAccountName } from './account.ts'
import { generateManagementKey, publicManagementKey } from '../crypto/management-key.ts'
import { VaultError } from '../errors.ts'
import { anchorsMax, type Keystore, type ManagementKeyRecord } from '../keystore/keystore.ts'
import { openSession } from '../trust/session.ts'
import { keyServerOrigin } from '../transport/endpoint.ts'
import { createClock } from '../transport/clock.ts'
import type { GraphqlClient } from '../transport/graphql.ts'
import { wait } from '../transport/wait.ts'
import { statementSigner } from '../trust/endorse.ts'
import { readListedAccount } from '../trust/listed-account.ts'
import { openVault, type Vault } from './vault.ts'
import { fingerprintWords } from '../devices/fingerprint-words.ts'
import { createPairingCode, readPairingCode, type PairingSecrets } from '../devices/pairing-code.ts'
import type { PairedKind } from '../devices/approve.ts'
import { closePairing, findPairing, openPairing } from '../devices/pairing-operations.ts'
import { openMessage, sealMessage } from '../devices/sealed-message.ts'
import { isUnknownKey } from '../devices/unknown-key.ts'
import type { ConnectionOptions } from '../transport/connection-options.ts'
import { unsignedClient } from '../transport/unsigned-client.ts'
import { readKeyServer } from '../transport/key-server-facts.ts'

export interface RequestPairingOptions extends ConnectionOptions {
  /** The key server's origin. */
  readonly url: string
  /** The account's name. */
  readonly owner: string
  /** An empty keystore, or that of an earlier request of this device. */
  readonly keystore: Keystore
  /** The label of this device. Default: `Device`. */
  readonly label?: string | undefined
  /**
   * `VIEWER`: this device will read, follow alerts and acknowledge them, and nothing else; no key is wrapped for it. For a page
   * or a machine that is trusted less. Default: `DEVICE`.
   */
  readonly kind?: PairedKind | undefined
}

/** A new device that waits to be approved. */
export interface PairingRequest {
  readonly managementKeyId: string
  /** The owner carries it to the other device by hand or by sight, not through the key server. */
  readonly code: string
  /** The code as a QR code for a terminal. */
  readonly qr: string
  /** Fingerprint words. The other device displays the same for the same key and account. */
  readonly words: readonly string[]
  /** By the key server's clock. */
  readonly expiresAt: Date

  /**
   * Waits for the approval, and opens the vault.
   *
   * @throws {VaultError} PAIRING_GONE when the pairing expired; PAIRING_FORGED when the answer is not by the device
   *   that has the code.
   * @throws the reason of an aborted `signal`.
   */
  approved(options?: { readonly signal?: AbortSignal; readonly pollMs?: number }): Promise<Vault>
}

const pollMsDefault = 2_000

/**
 * Generates a management key for this device, and requests its approval by another device of the owner. The key server
 * transmits both messages and is not trusted: the code contains a secret that it never learns.
 *
 * @throws {VaultError} KEYSTORE_OCCUPIED when the keystore's key is in use; CLOCKS_DIFFER, URL_INVALID, NETWORK, TIMEOUT.
 * @throws {KeyServerError} RATE_LIMITED.
 */
export async function requestPairing(options: RequestPairingOptions): Promise<PairingRequest> {
  const { owner, label = 'Device' } = options
  const record = await keepKey(options)
  const code = createPairingCode(record.id)
  const secrets = await readPairingCode(code)
  const keyServer = unsignedClient({ ...options, url: record.url })
  const message = { v: 1, label, proof: await prove(record, options) }
  const { expiresAt } = await keyServer.run(openPairing, {
    input: { id: secrets.pairingId, payload: await sealMessage(message, secrets.requestKey) },
  })
  return {
    managementKeyId: record.id,
    code,
    qr: renderUnicodeCompact(code, { ecc: 'L' }),
    words: await fingerprintWords({ ...secrets, owner }),
    expiresAt,
    approved: async ({ signal, pollMs = pollMsDefault } = {}) => {
      const answer = await awaitAnswer(keyServer, secrets, { signal, pollMs })
      const anchors = parseAnchors(await openMessage(answer, secrets.answerKey), owner)
      await options.keystore.save({ ...record, anchors })
      // Cleans up: otherwise the pairing expires by itself.
      await keyServer.run(closePairing, { id: secrets.pairingId }).catch(() => false)
      return openVault(options)
    },
  }
}

/** Stores the key before the request is sent, so that an approval is not lost with the process. */
async function keepKey({
  keystore,
  url,
  owner,
  kind = 'DEVICE',
  ...options
}: RequestPairingOptions): Promise<ManagementKeyRecord> {
  const origin = keyServerOrigin(url)
  assertAccountName(owner)
  const kept = await keystore.load()
  if (kept === null) {
    const { extractable } = keystore
    const key = await generateManagementKey({ extractable })
    const record = { ...key, url: origin, owner, ...(kind === 'VIEWER' && { kind }) }
    await keystore.save(record)
    return record
  }
  const isSame = kept.url === origin && kept.owner === owner && (kept.kind ?? 'DEVICE') === kind
  if (!isSame || kept.anchors !== undefined) throw new VaultError('KEYSTORE_OCCUPIED')
  await assertNotOpener(kept, options)
  return kept
}

/** A key that opened an account is in use. One that was approved in a pairing whose answer was lost can be paired again. */
async function assertNotOpener(record: ManagementKeyRecord, options: ConnectionOptions): Promise<void> {
  const { keyServer } = openSession(record, options)
  try {
    const { managementKeys } = await readListedAccount(keyServer)
    const own = managementKeys.find(({ id }) => id === record.id)
    const endorsement = own?.endorsement ?? null
    const endorser = endorsement && parseStatement('claviger-endorsement+jwt', endorsement).kid
    if (endorser === null || endorser === record.id) throw new VaultError('KEYSTORE_OCCUPIED')
  } catch (error) {
    if (!isUnknownKey(error)) throw error
  }
}

/** The proposed endorsement, signed by the new device's own key: the approving device signs the same bytes. */
async function prove(record: ManagementKeyRecord, options: RequestPairingOptions): Promise<string> {
  const { signingKey, wrappingKey } = await publicManagementKey(record)
  const { kind = 'DEVICE' } = options
  const { time } = await readKeyServer({ ...options, url: record.url })
  const clock = createClock()
  clock.correct(time)
  const payload = {
    v: 1,
    iss: record.owner,
    sub: record.id,
    iat: clock.nowSeconds(),
    kind,
    cnf: { jwk: signingKey },
    ...(kind === 'DEVICE' && { wrap: wrappingKey }),
  } as const
  return signStatement('claviger-proof+jwt', payload, statementSigner(record))
}

async function awaitAnswer(
  keyServer: GraphqlClient,
  { pairingId }: PairingSecrets,
  { signal, pollMs }: { readonly signal: AbortSignal | undefined; readonly pollMs: number },
): Promise<string> {
  for (;;) {
    signal?.throwIfAborted()
    const pairing = await findUnlessUnreachable(keyServer, pairingId)
    if (pairing === null) throw new VaultError('PAIRING_GONE')
    if (pairing !== 'UNREACHABLE' && pairing.answer !== null) return pairing.answer
    await wait(pollMs, signal ?? null)
  }
}

/** While the key server cannot be reached the device keeps waiting; the expiry of the pairing is the bound. */
async function findUnlessUnreachable(keyServer: GraphqlClient, id: string) {
  try {
    return await keyServer.run(findPairing, { id })
  } catch (error) {
    const isUnreachable = error instanceof VaultError && ['NETWORK', 'TIMEOUT'].includes(error.code)
    if (isUnreachable) return 'UNREACHABLE' as const
    throw error
  }
}

function parseAnchors(message: ReadonlyMap<string, unknown>, owner: string): string[] {
  const anchors: unknown = message.get('anchors')
  const isAnswer = message.get('v') === 1 && message.get('owner') === owner && Array.isArray(anchors)
  const ids = isAnswer ? anchors.filter(isThumbprint) : []
  if (!isAnswer || ids.length !== anchors.length || ids.length === 0 || ids.length > anchorsMax) {
    throw new VaultError('PAIRING_FORGED')
  }
  return ids
}
