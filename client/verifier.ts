/** For application servers: verifies public keys and authenticates signed requests. It uses Web APIs only, so it runs anywhere. */
export { VaultError, type VaultErrorCode } from './errors.ts'
export type { Authenticate, Authentication, Caller, ReceivedRequest } from './verifier/authenticate.ts'
export type { CertificateOptions } from './verifier/proofs/certificates.ts'
export {
  createVerifier,
  type SignedAnswerOptions,
  type Verifier,
  type VerifierOptions,
} from './verifier/create-verifier.ts'
export type { VerifierEvent } from './verifier/events.ts'
export type { FreshnessLease } from './verifier/freshness/freshness-lease.ts'
export {
  followKeyChanges,
  type FollowEvent,
  type Following,
  type FollowOptions,
} from './verifier/freshness/follow.ts'
export { applicationServerKeyId, type ApplicationServerIdentity } from './verifier/freshness/identity.ts'
export {
  registerApplicationServer,
  type Registration,
  type RegistrationOptions,
} from './verifier/freshness/register.ts'
export type { JwkSet } from './verifier/proofs/key-set.ts'
export { fastifyPlugin } from './verifier/middleware/fastify.ts'
export { protectHandler, refusalResponse, type AuthenticatedHandler } from './verifier/middleware/fetch.ts'
export {
  authenticated,
  callerOf,
  nodeMiddleware,
  type AuthenticatedParts,
  type NodeMiddleware,
} from './verifier/middleware/node.ts'
export { yogaPlugin, type YogaPlugin } from './verifier/middleware/yoga.ts'
export { memoryNonces, type NonceStore } from './verifier/nonces.ts'
export type { Pin, PinsOf } from './verifier/proofs/pins.ts'
export { refusalCodes, type Refusal, type RefusalCode } from './verifier/refusal.ts'
export type { VerificationResult, VerificationStatus } from './verifier/result.ts'
export type { PublicJwk } from '../schema/wire/keys/jwk.ts'
