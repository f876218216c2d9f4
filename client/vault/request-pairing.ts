import { renderUnicodeCompact } from 'uqr'
import { decodeBase64url } from '../../schema/wire/base64url.ts'
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
  /** An empty one, or one that an earlier request of this device left. */
  readonly keystore: Keystore
  /** What the owner calls this device. Default: `Device`. */
  readonly label?: string | undefined
}

/** A new device that waits to be approved. */
export interface PairingRequest {
  readonly managementKeyId: string
  /** To be carried to the other device by its owner alone: by hand, by sight, not through the key server. */
  readonly code: string
  /** The code as a QR code for a terminal. */
  readonly qr: string
  /** What the other device shows too, if it speaks of the same key and account. */
  readonly words: readonly string[]
  /** By the key server's clock. */
  readonly expiresAt: Date

  /**
   * Waits for the approval, and opens the vault.
   *
   * @throws {VaultError} PAIRING_GONE when nobody approved in time; PAIRING_FORGED when the answer is not by the device
   *   that was shown the code; and what the signal was aborted with.
   */
  approved(options?: { readonly signal?: AbortSignal; readonly pollMs?: number }): Promise<Vault>
}

const pollMsDefault = 2_000

/**
 * Makes a management key for this device, and asks another device of its owner to approve it. The key server passes both
 * messages on and is believed in nothing: the code has a secret that it never sees.
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
      // Only tidies up: in some minutes the key server forgets it anyway.
      await keyServer.run(closePairing, { id: secrets.pairingId }).catch(() => false)
      return openVault(options)
    },
  }
}

/** The key is kept before anybody hears of it: an approval must not be lost with the process. */
async function keepKey({
  keystore,
  url,
  owner,
  ...options
}: RequestPairingOptions): Promise<ManagementKeyRecord> {
  const origin = keyServerOrigin(url)
  assertAccountName(owner)
  const kept = await keystore.load()
  if (kept === null) {
    const { extractable } = keystore
    const key = await generateManagementKey({ signingAlgorithm: 'Ed25519', extractable })
    const record = { ...key, url: origin, owner }
    await keystore.save(record)
    return record
  }
  if (kept.url !== origin || kept.owner !== owner || kept.anchors !== undefined) {
    throw new VaultError('KEYSTORE_OCCUPIED')
  }
  await assertNotOpener(kept, options)
  return kept
}

/** A key that opened an account is in use. One that was approved, in a pairing whose answer was lost, is to be paired. */
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

/** The endorsement that the new device proposes, signed by its own key: whoever approves signs the same bytes. */
async function prove(record: ManagementKeyRecord, options: RequestPairingOptions): Promise<string> {
  const { signingKey, wrappingKey } = await publicManagementKey(record)
  const { time } = await readKeyServer({ ...options, url: record.url })
  const clock = createClock()
  clock.correct(time)
  const payload = {
    v: 1,
    iss: record.owner,
    sub: record.id,
    iat: clock.nowSeconds(),
    kind: 'DEVICE',
    cnf: { jwk: signingKey },
    wrap: wrappingKey,
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

/** A device that loses its network for a moment goes on waiting; the pairing's own end is the bound. */
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
  const ids = isAnswer ? anchors.filter(isManagementKeyId) : []
  if (!isAnswer || ids.length !== anchors.length || ids.length === 0 || ids.length > anchorsMax) {
    throw new VaultError('PAIRING_FORGED')
  }
  return ids
}

function isManagementKeyId(value: unknown): value is string {
  return typeof value === 'string' && decodeBase64url(value)?.length === 32
}
