/** For application servers: who sent this request, and is this key really his? Web APIs only, so it runs anywhere. */
export { VaultError, type VaultErrorCode } from './errors.ts'
export type { Authenticate, Authentication, Caller, ReceivedRequest } from './verifier/authenticate.ts'
export type { CertificateOptions } from './verifier/certificates.ts'
export {
  createVerifier,
  type SignedAnswerOptions,
  type Verifier,
  type VerifierOptions,
} from './verifier/create-verifier.ts'
export type { VerifierEvent } from './verifier/events.ts'
export type { CacheTrust } from './verifier/key-changes/cache-trust.ts'
export {
  followKeyChanges,
  type FollowEvent,
  type Following,
  type FollowOptions,
} from './verifier/key-changes/follow.ts'
export { applicationServerKeyId, type ApplicationServerIdentity } from './verifier/key-changes/identity.ts'
export {
  registerApplicationServer,
  type Registration,
  type RegistrationOptions,
} from './verifier/key-changes/register.ts'
export type { JwkSet } from './verifier/key-set.ts'
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
export type { Pin, PinsOf } from './verifier/pins.ts'
export { refusalCodes, type Refusal, type RefusalCode } from './verifier/refusal.ts'
export type { KeyStanding, StandingReason } from './verifier/standing.ts'
export type { PublicJwk } from '../schema/wire/jwk.ts'
