import { KeyServerError } from '../../schema/wire/errors.ts'
import type { SigningJwk, WrappingJwk } from '../../schema/wire/keys/jwk.ts'
import {
  InvalidStatement,
  isFromFuture,
  parseStatement,
  signPayloadOf,
  verifyStatement,
  type PossessionProof,
} from '../../schema/wire/statements/statement.ts'
import { limits } from '../../schema/wire/limits.ts'
import { VaultError } from '../errors.ts'
import type { ManagementKeyKind } from '../../schema/wire/enums.ts'
import type { RewrapOptions, RewrapReport } from '../rotation/rewrap-keys.ts'
import type { Session } from '../trust/session.ts'
import { clocksDiffer } from '../transport/clock.ts'
import { statementSigner } from '../trust/endorse.ts'
import { addManagementKey } from './add-key.ts'
import { fingerprintWords } from './fingerprint-words.ts'
import { readPairingCode } from './pairing-code.ts'
import { answerPairing, findPairing } from './pairing-operations.ts'
import { openMessage, sealMessage } from './sealed-message.ts'

/** The kinds of a paired device: `VIEWER` reads, and changes nothing. */
export type PairedKind = Exclude<ManagementKeyKind, 'RECOVERY'>

/** The verified request of a new device to be approved: the device holds the key that the code names. */
export interface Pairing {
  readonly code: string
  readonly managementKeyId: string
  /** The label that the new device proposes. */
  readonly label: string
  /** `DEVICE`: it will be able to do whatever this device can. `VIEWER`: it will read, and change nothing. */
  readonly kind: PairedKind
  /** Fingerprint words. The new device must display the same before it is approved. */
  readonly words: readonly string[]
  readonly requestedAt: Date
  readonly signingKey: SigningJwk
  /** Null for a VIEWER: nothing is wrapped for it. */
  readonly wrappingKey: WrappingJwk | null
  /** JWS `claviger-proof+jwt`: the endorsement that it proposes. */
  readonly proof: string
}

export interface ApprovedDevice extends RewrapReport {
  readonly managementKeyId: string
}

/** Maximum age of a request, in seconds. */
const ageSecondsMax = 15 * 60

const labelCharactersMax = 255

/**
 * Finds the pairing request of the device that displays this code. It changes nothing.
 *
 * @throws {VaultError} PAIRING_CODE_INVALID, PAIRING_GONE; PAIRING_FORGED when the request is not by the device that displays
 *   the code, or is for another account; CLOCKS_DIFFER when it is dated ahead of this device's clock.
 */
export async function lookUpPairing(session: Session, code: string): Promise<Pairing> {
  const secrets = await readPairingCode(code)
  const stored = await session.keyServer.run(findPairing, { id: secrets.pairingId })
  if (stored === null) throw new VaultError('PAIRING_GONE')
  const message = await openMessage(stored.payload, secrets.requestKey)
  const { managementKeyId } = secrets
  const proof = message.get('proof')
  const nowSeconds = session.clock.nowSeconds()
  const { iss, sub, iat, kind, cnf, wrap } = await verifyProof(proof, nowSeconds)
  const label = message.get('label')
  if (typeof proof !== 'string' || typeof label !== 'string' || label.length > labelCharactersMax)
    throw forged()
  if (iss !== session.owner) throw forged('The request is for another account.')
  if (sub !== managementKeyId || kind === 'RECOVERY') throw forged()
  if ((kind === 'DEVICE') !== (wrap !== undefined)) throw forged()
  if (nowSeconds - iat > ageSecondsMax) throw new VaultError('PAIRING_GONE')
  return {
    code,
    managementKeyId,
    label,
    kind,
    words: await fingerprintWords({ ...secrets, owner: session.owner }),
    requestedAt: new Date(iat * 1000),
    signingKey: cnf.jwk,
    wrappingKey: wrap ?? null,
    proof,
  }
}

/**
 * Approves a device: endorses and registers its key, rewraps every key that this device can open for it, and sends it the
 * anchors. From then on it can do whatever this device can; a VIEWER gets no wrapped keys, and reads. A repeated call does
 * what is missing.
 *
 * @throws {VaultError} PAIRING_GONE when the pairing has expired; its key is registered then, and the device has to request
 *   the pairing again.
 */
export async function approveDevice(
  session: Session,
  pairing: Pairing,
  options: RewrapOptions = {},
): Promise<ApprovedDevice> {
  const { managementKeyId, label, kind, signingKey, wrappingKey, proof } = pairing
  const signer = statementSigner(session.managementKey)
  const endorsement = await signPayloadOf(proof, 'claviger-endorsement+jwt', signer)
  const key = {
    id: managementKeyId,
    label,
    kind,
    signingKey,
    wrappingKey,
    endorsement,
    proof,
  } as const
  const report = await addManagementKey(session, key, options)
  await answer(session, pairing)
  return { managementKeyId, ...report }
}

async function answer({ keyServer, owner, managementKey, trust }: Session, { code }: Pairing): Promise<void> {
  const { pairingId, answerKey } = await readPairingCode(code)
  const anchors = [...new Set([managementKey.id, ...trust.anchors])]
  const message = await sealMessage({ v: 1, owner, anchors }, answerKey)
  try {
    await keyServer.run(answerPairing, { input: { id: pairingId, answer: message } })
  } catch (error) {
    const code = error instanceof KeyServerError ? error.code : null
    if (code === 'NOT_FOUND') throw new VaultError('PAIRING_GONE')
    // An earlier call may have answered. Opening the stored answer proves that it was made with this pairing's key.
    const known = code === 'CONFLICT' ? await keyServer.run(findPairing, { id: pairingId }) : null
    const answered = known?.answer ?? null
    if (answered === null) throw error
    await openMessage(answered, answerKey)
  }
}

async function verifyProof(proof: unknown, nowSeconds: number): Promise<PossessionProof> {
  try {
    const { cnf, iat } = parseStatement('claviger-proof+jwt', proof).payload
    if (isFromFuture({ iat }, nowSeconds)) {
      const times = { hereMs: nowSeconds * 1000, thereMs: iat * 1000 }
      throw clocksDiffer(times, limits.signatureClockSkewSeconds)
    }
    return await verifyStatement('claviger-proof+jwt', proof, { signingKey: cnf.jwk, nowSeconds })
  } catch (error) {
    if (error instanceof InvalidStatement) throw forged()
    throw error
  }
}

function forged(detail?: string): VaultError {
  return new VaultError('PAIRING_FORGED', detail === undefined ? {} : { detail })
}
