import type {
  Account,
  Alert,
  ApplicationServerRegistration,
  KeyChange,
  KeyServerFacts,
  ManagementKey,
  Page,
  Pairing,
  PublicKeyVerification,
  PublishedKey,
  TransactionKey,
  Webhook,
  WebhookDeadLetter,
  WrappedKey,
} from './domain.ts'
import type {
  AcquisitionPurpose,
  AlertKind,
  ManagementKeyKind,
  OverusePolicy,
  RevocationReason,
  TransactionKeySort,
  TransactionKeyState,
} from '../wire/enums.ts'

/*
 * The ports: what resolvers may ask of the server. Resolvers are one line each, and everything that can fail happens
 * behind a port. Inputs arrive as clients sent them; the port parses them and refuses with BAD_USER_INPUT. Every port
 * method rejects with a KeyServerError for what the protocol defines, and with anything else for a fault of ours.
 */

/** An argument whose scalar is parsed behind the port, where the refusal can name its path. */
export type Unparsed = NonNullable<unknown>

export interface ManagementKeyInput {
  readonly label: string
  readonly kind?: ManagementKeyKind | null | undefined
  readonly signingKey: Unparsed
  readonly wrappingKey?: Unparsed | null | undefined
  readonly endorsement?: Unparsed | null | undefined
}

export interface AddManagementKeyInput {
  readonly managementKey: ManagementKeyInput
  readonly endorsement: Unparsed
  readonly proof: Unparsed
  readonly wrappedKeys: readonly { readonly transactionKeyId: string; readonly jwe: Unparsed }[]
}

export interface OpenAccountInput {
  readonly name: string
  readonly managementKey: ManagementKeyInput
}

export interface StoreTransactionKeyInput {
  readonly id: string
  readonly applicationServer: string
  readonly label?: string | null | undefined
  readonly publicKey?: Unparsed | null | undefined
  readonly wrappedKeys: readonly { readonly managementKeyId: string; readonly jwe: Unparsed }[]
  readonly notBefore?: Unparsed | null | undefined
  readonly expiresAt?: Unparsed | null | undefined
  readonly expiryNotices?: readonly number[] | null | undefined
  readonly maxUses?: number | null | undefined
  readonly overusePolicy?: OverusePolicy | null | undefined
  readonly certificate?: Unparsed | null | undefined
}

/** Absent members stay as they are; null removes. */
export interface UpdateTransactionKeyInput {
  readonly id: string
  readonly label?: string | null | undefined
  readonly expiresAt?: Unparsed | null | undefined
  readonly expiryNotices?: readonly number[] | null | undefined
  readonly maxUses?: number | null | undefined
  readonly overusePolicy?: OverusePolicy | null | undefined
  readonly certificate?: Unparsed | null | undefined
}

export interface RewrapTransactionKeyInput {
  readonly transactionKeyId: string
  readonly wrappedKeys: readonly { readonly managementKeyId: string; readonly jwe: Unparsed }[]
}

export interface VerifyPublicKeyInput {
  readonly owner: string
  readonly applicationServer: string
  readonly publicKey: Unparsed
}

export interface TransactionKeyPageArguments {
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
  readonly applicationServer?: string | null | undefined
  readonly state?: TransactionKeyState | null | undefined
  readonly search?: string | null | undefined
  readonly sort?: TransactionKeySort | null | undefined
}

export interface AlertPageArguments {
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
  readonly last?: number | null | undefined
  readonly before?: string | null | undefined
  readonly unacknowledgedOnly: boolean
}

export interface AccountsPort {
  /** Signed by the management key that it registers. CONFLICT when the name or the key is taken. */
  readonly open: (input: OpenAccountInput) => Promise<Account>
  /** The account whose management key signed the request. */
  readonly current: () => Promise<Account>
  readonly managementKeys: (
    account: Account,
    options: { includeRevoked: boolean },
  ) => Promise<ManagementKey[]>
}

export interface ManagementKeysPort {
  /** CONFLICT when the key is taken, by whatever account. Repeated with the same endorsement it returns the key. */
  readonly add: (input: AddManagementKeyInput) => Promise<ManagementKey>
  /** CONFLICT for the last one. Repeated it returns the key. */
  /** `revocation` is a JWS, unchecked; null or undefined: none. */
  readonly revoke: (id: string, revocation: unknown) => Promise<ManagementKey>
}

export interface TransactionKeysPort {
  readonly store: (input: StoreTransactionKeyInput) => Promise<TransactionKey>
  readonly update: (input: UpdateTransactionKeyInput) => Promise<TransactionKey>
  /** Replaces or adds wrapped copies, all or none; answers in the order asked. */
  readonly rewrap: (input: readonly RewrapTransactionKeyInput[]) => Promise<TransactionKey[]>
  /** `revocation` is a JWS, unchecked; null or undefined: none. */
  readonly revoke: (
    id: string,
    how: { readonly reason: RevocationReason; readonly revocation: unknown },
  ) => Promise<TransactionKey>
  readonly destroy: (id: string, revocation: unknown) => Promise<TransactionKey>
  /** Null when the caller's account has no such key. */
  readonly find: (id: string) => Promise<TransactionKey | null>
  /** Newest first. */
  readonly page: (account: Account, page: TransactionKeyPageArguments) => Promise<TransactionKeyPage>
}

export interface TransactionKeyPage extends Page<TransactionKey> {
  /** Counts what the filters let through; run only when asked. */
  totalCount(): Promise<number>
}

export interface AcquisitionsPort {
  /** All or none, in the order asked. The one path that releases a JWE. */
  readonly acquire: (asked: {
    readonly transactionKeyIds: readonly string[]
    /** The argument's name, for refusals. */
    readonly field: string
    readonly purpose: AcquisitionPurpose
    readonly acquisitionId: string | null
  }) => Promise<WrappedKey[]>
}

export interface VerificationPort {
  /** Answers in the order asked. `field` names the arguments' path for refusals. */
  readonly verify: (
    inputs: readonly VerifyPublicKeyInput[],
    field: string,
  ) => Promise<PublicKeyVerification[]>
}

export interface OpenPairingInput {
  readonly id: string
  readonly payload: string
}

export interface AnswerPairingInput {
  readonly id: string
  readonly answer: string
}

export interface PairingsPort {
  readonly open: (input: OpenPairingInput) => Promise<Pairing>
  readonly find: (id: string) => Promise<Pairing | null>
  /** Once. */
  readonly answer: (input: AnswerPairingInput) => Promise<Pairing>
  /** @returns whether there was one. */
  readonly close: (id: string) => Promise<boolean>
}

export interface KeyServerPort {
  readonly facts: () => Promise<KeyServerFacts>
  /** What an answer may be signed by: first the key that signs now, then retired ones. */
  readonly signingKeys: () => Promise<readonly PublishedKey[]>
}

export interface AlertsPort {
  readonly page: (account: Account, page: AlertPageArguments) => Promise<AlertPage>
  /** Each alert once and in order: those after the cursor, then those to come. */
  readonly subscribe: (options: {
    readonly after: string | null
    readonly kinds: readonly AlertKind[] | null
  }) => Promise<AsyncIterable<Alert>>
  /** @returns how many alerts were marked as read. */
  readonly acknowledge: (upTo: string) => Promise<number>
}

export interface AlertPage extends Page<Alert> {
  unacknowledgedCount(): Promise<number>
}

export interface SetWebhookInput {
  readonly url: string
  readonly kinds?: readonly AlertKind[] | null | undefined
  readonly renewSecret?: boolean | null | undefined
}

export interface WebhooksPort {
  /** By its URL: a new one begins with the alerts to come; a known one gets these kinds, and is enabled if it was not. */
  readonly set: (
    input: SetWebhookInput,
  ) => Promise<{ readonly webhook: Webhook; /** Only of a new secret. */ readonly secret: string | null }>
  readonly remove: (id: string) => Promise<Webhook>
  /** Tries again at once what was not delivered: what waits, and the dead letters. */
  readonly redeliver: (id: string) => Promise<Webhook>
  readonly list: (account: Account) => Promise<Webhook[]>
  /** Oldest first. */
  readonly deadLetters: (
    webhook: Webhook,
    page: { readonly first?: number | null | undefined; readonly after?: string | null | undefined },
  ) => Promise<WebhookDeadLetter[]>
  readonly countDeadLetters: (webhook: Webhook) => Promise<number>
}

export interface RegisterApplicationServerInput {
  readonly applicationServer: string
  readonly signingKey: Unparsed
}

export interface ApplicationServersPort {
  /** Signed by the key that it registers. CONFLICT when the key is taken. Repeated, it looks for the proof again. */
  readonly register: (input: RegisterApplicationServerInput) => Promise<ApplicationServerRegistration>
}

export interface KeyChangesPort {
  /**
   * Each change once and in order: those after the cursor, then those to come. Signed by an application server. FORBIDDEN
   * when it is another one than was named.
   */
  readonly subscribe: (options: {
    readonly applicationServer: string | null
    readonly after: string | null
  }) => Promise<AsyncIterable<KeyChange>>
}

/** Gathers the look-ups of one request into one statement for each noun. */
export interface Loader<Key, Value> {
  load(key: Key): Promise<Value>
}

export interface Reference {
  readonly accountId: string
  readonly id: string
}

export interface GraphQLContext {
  readonly accounts: AccountsPort
  readonly managementKeys: ManagementKeysPort
  readonly transactionKeys: TransactionKeysPort
  readonly acquisitions: AcquisitionsPort
  readonly verification: VerificationPort
  readonly alerts: AlertsPort
  readonly webhooks: WebhooksPort
  readonly pairings: PairingsPort
  readonly applicationServers: ApplicationServersPort
  readonly keyChanges: KeyChangesPort
  readonly keyServer: KeyServerPort
  readonly loaders: {
    readonly transactionKey: Loader<Reference, TransactionKey>
    readonly managementKey: Loader<Reference, ManagementKey>
    /** The management keys that hold a wrapped copy of a transaction key. */
    readonly wrappedFor: Loader<Reference, ManagementKey[]>
  }
}
