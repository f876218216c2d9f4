/**
 * For application servers: verifies public keys and authenticates signed requests. It uses Web APIs only, so it runs
 * anywhere.
 */
export { ClavigerError } from '../schema/wire/claviger-error.ts'
export {
  errorCodes,
  KeyServerError,
  quotaNames,
  signatureRefusals,
  type ErrorCode,
  type ErrorDetails,
  type QuotaName,
  type SignatureRefusal,
} from '../schema/wire/errors.ts'
export type { Authenticate, Authentication, Caller, ReceivedRequest } from './verifier/authenticate.ts'
export type { CertificateOptions } from './verifier/proofs/certificates.ts'
export {
  createVerifier,
  type SignedAnswerOptions,
  type Verifier,
  type VerifierOptions,
} from './verifier/create-verifier.ts'
export type { EventListener, VerifierEvent } from './verifier/events.ts'
export { followKeyChanges, type Following, type FollowOptions } from './verifier/freshness/follow.ts'
export type { FollowEvent } from './verifier/freshness/key-change-loop.ts'
export { applicationServerKeyId, type ApplicationServerIdentity } from './verifier/freshness/identity.ts'
export {
  registerApplicationServer,
  type Registration,
  type RegistrationOptions,
} from './verifier/freshness/register.ts'
export type { JwkSet } from './verifier/proofs/key-set.ts'
export {
  fastifyPlugin,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type ReadableClass,
} from './verifier/middleware/fastify.ts'
export { protectHandler, refusalResponse, type AuthenticatedHandler } from './verifier/middleware/fetch.ts'
export {
  authenticated,
  callerOf,
  nodeMiddleware,
  type AuthenticatedParts,
  type NodeMiddleware,
  type NodeRequest,
  type NodeResponse,
} from './verifier/middleware/node.ts'
export { yogaPlugin, type YogaPlugin } from './verifier/middleware/yoga.ts'
export type { NodeStream } from './verifier/middleware/node-stream.ts'
export { memoryNonces, type MemoryNoncesOptions, type NonceStore } from './verifier/nonces.ts'
export type { Pin, PinsOf } from './verifier/proofs/pins.ts'
export { refusalCodes, type Refusal, type RefusalCode } from './verifier/refusal.ts'
export type { VerificationResult, VerificationStatus } from './verifier/result.ts'
export { VerifierError, verifierErrorCodes, type VerifierErrorCode } from './verifier-error.ts'
export {
  verifyPublicKey,
  verifyPublicKeys,
  type PublicKeyQuery,
  type VerifyPublicKeyOptions,
} from './verifier/verify-public-key.ts'
export type { Fetch } from './transport/signing-fetch.ts'
export type { PublicJwk, SigningJwk } from '../schema/wire/keys/jwk.ts'
export type { PrivateJwk, WebCryptoKey, WebCryptoKeyPair } from '../schema/wire/keys/web-crypto-key.ts'
export {
  proofFailures,
  transactionKeyStates,
  type ProofFailure,
  type TransactionKeyState,
} from '../schema/wire/enums.ts'
export type { ConnectionOptions } from './transport/connection-options.ts'
