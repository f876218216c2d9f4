import type {
  Account,
  AccountUsage,
  Alert,
  ApplicationServerRegistration,
  AuditEntry,
  AuditHead,
  Channel,
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
  AuditAction,
  AlertKind,
  ChannelKind,
  ChannelLanguage,
  ManagementKeyKind,
  OverusePolicy,
  RevocationReason,
  TransactionKeySort,
  TransactionKeyState,
} from '../wire/enums.ts'

/*
 * The ports: the operations that resolvers may call, one interface for each noun. server/ implements them, and makes a set of
 * them for each request (server/graphql/context.ts), bound to its signature: a port whose comment says "Signed" verifies the
 * signature and consumes the nonce in the transaction of its effect. Methods are properties, so that the compiler compares
 * the parameter types of an implementation strictly.
 *
 * Resolvers are one line each, and everything that can fail happens behind a port. A port parses its inputs, which arrive as
 * clients sent them. Every method rejects with a KeyServerError for what the protocol defines, e.g. BAD_USER_INPUT for an
 * input and UNAUTHENTICATED for a signature, and with anything else for a fault of the server.
 */

/** An argument that the port parses, so that a refusal can name its path. */
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
  readonly invitation?: string | null | undefined
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
  readonly possession?: Unparsed | null | undefined
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
  readonly possession?: Unparsed | null | undefined
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

/** Opens and reads accounts. */
export interface AccountsPort {
  /** Signed with the management key that it registers. CONFLICT when the name or the key is taken. */
  readonly open: (input: OpenAccountInput) => Promise<Account>
  /** Signed. The account whose management key signed the request. */
  readonly current: () => Promise<Account>
  readonly usage: (account: Account) => Promise<AccountUsage>
  /** Oldest first. */
  readonly managementKeys: (
    account: Account,
    options: { includeRevoked: boolean },
  ) => Promise<ManagementKey[]>
}

/** Adds and revokes management keys. */
export interface ManagementKeysPort {
  /** Signed. CONFLICT when the key is taken, by any account. Repeated with the same endorsement it returns the key. */
  readonly add: (input: AddManagementKeyInput) => Promise<ManagementKey>
  /**
   * Signed. CONFLICT for the last active one. Repeated it returns the key.
   *
   * @param revocation the signed revocation, unparsed; null or undefined when there is none
   */
  readonly revoke: (id: string, revocation: unknown) => Promise<ManagementKey>
}

/** Stores, reads, updates and revokes transaction keys; `AcquisitionsPort` releases them. */
export interface TransactionKeysPort {
  /** Signed. CONFLICT for an id or public key that is stored already. Repeated with the same content it returns the key. */
  readonly store: (input: StoreTransactionKeyInput) => Promise<TransactionKey>
  /** Signed. NOT_FOUND; KEY_REVOKED. */
  readonly update: (input: UpdateTransactionKeyInput) => Promise<TransactionKey>
  /** Signed. Replaces or adds wrapped keys, all or none. Results are in the order of the input. NOT_FOUND; KEY_REVOKED. */
  readonly rewrap: (input: readonly RewrapTransactionKeyInput[]) => Promise<TransactionKey[]>
  /**
   * Signed. Repeated it returns the key. NOT_FOUND.
   *
   * @param options.revocation the signed revocation, unparsed; null or undefined when there is none
   */
  readonly revoke: (
    id: string,
    options: { readonly reason: RevocationReason; readonly revocation: unknown },
  ) => Promise<TransactionKey>
  /** Signed. As `revoke`, and erases the wrapped keys. */
  readonly destroy: (id: string, revocation: unknown) => Promise<TransactionKey>
  /** Signed. Null when the account has no such key. */
  readonly find: (id: string) => Promise<TransactionKey | null>
  /** Newest first. */
  readonly page: (account: Account, page: TransactionKeyPageArguments) => Promise<TransactionKeyPage>
}

/** One page of an account's transaction keys. */
export interface TransactionKeyPage extends Page<TransactionKey> {
  /** Counts all keys that match the filters. Called only when the field is selected. */
  totalCount(): Promise<number>
}

/** Releases wrapped keys. */
export interface AcquisitionsPort {
  /**
   * Signed. All or none, in the order of the ids. No other method releases a JWE. NOT_FOUND, KEY_REVOKED,
   * KEY_NOT_YET_VALID; KEY_OVERUSED under the policy REFUSE.
   */
  readonly acquire: (input: {
    readonly transactionKeyIds: readonly string[]
    /** The name of the ids' argument, for refusals. */
    readonly field: string
    readonly purpose: AcquisitionPurpose
    readonly acquisitionId: string | null
  }) => Promise<WrappedKey[]>
}

/** Answers application servers whether a public key is an owner's. */
export interface VerificationPort {
  /** Unsigned. Results are in the order of the inputs. `field` is the inputs' argument, for refusals. */
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

/** Relays one message each way between a new device and one that approves it. Unsigned, except `answer`. */
export interface PairingsPort {
  readonly open: (input: OpenPairingInput) => Promise<Pairing>
  readonly find: (id: string) => Promise<Pairing | null>
  /** Once for each pairing. */
  readonly answer: (input: AnswerPairingInput) => Promise<Pairing>
  /** @returns whether the pairing existed */
  readonly close: (id: string) => Promise<boolean>
}

/** Describes this key server. Unsigned. */
export interface KeyServerPort {
  readonly facts: () => Promise<KeyServerFacts>
  /** The keys that answers may be signed with: the signing key, the prepared one, then retired ones. */
  readonly signingKeys: () => Promise<readonly PublishedKey[]>
}

/** Lists, streams and acknowledges alerts. */
export interface AlertsPort {
  readonly page: (account: Account, page: AlertPageArguments) => Promise<AlertPage>
  /** Signed. Each alert once and in order: those after the cursor, then new ones. CURSOR_EXPIRED. */
  readonly subscribe: (options: {
    readonly after: string | null
    readonly kinds: readonly AlertKind[] | null
  }) => Promise<AsyncIterable<Alert>>
  /** Signed. @returns how many alerts were acknowledged */
  readonly acknowledge: (upTo: string) => Promise<number>
}

/** One page of an account's alerts. */
export interface AlertPage extends Page<Alert> {
  /** Called only when the field is selected. */
  unacknowledgedCount(): Promise<number>
}

/** Absent members filter nothing. */
export interface AuditFilter {
  readonly actions?: readonly AuditAction[] | null | undefined
  readonly transactionKeyId?: string | null | undefined
  readonly managementKeyId?: string | null | undefined
  readonly granted?: boolean | null | undefined
  readonly since?: Unparsed | null | undefined
  readonly until?: Unparsed | null | undefined
}

export interface AuditPageArguments {
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
  readonly filter?: AuditFilter | null | undefined
}

/** Reads the audit log. Entries are written by the operations that they record. */
export interface AuditPort {
  /** Newest first. CURSOR_EXPIRED. */
  readonly page: (account: Account, page: AuditPageArguments) => Promise<Page<AuditEntry>>
  readonly head: (account: Account) => Promise<AuditHead>
}

export interface SetWebhookInput {
  readonly url: string
  readonly kinds?: readonly AlertKind[] | null | undefined
  readonly renewSecret?: boolean | null | undefined
}

/** Configures webhooks, and lists their dead letters. */
export interface WebhooksPort {
  /** Signed. By its URL: a new webhook gets new alerts only; a known one gets these kinds, and is enabled if it was not. */
  readonly set: (input: SetWebhookInput) => Promise<{
    readonly webhook: Webhook
    /** Null unless the secret is new. */ readonly secret: string | null
  }>
  /** Signed. */
  readonly remove: (id: string) => Promise<Webhook>
  /** Signed. Retries at once what was not delivered: waiting alerts and dead letters. */
  readonly redeliver: (id: string) => Promise<Webhook>
  readonly list: (account: Account) => Promise<Webhook[]>
  /** Oldest first. */
  readonly deadLetters: (
    webhook: Webhook,
    page: { readonly first?: number | null | undefined; readonly after?: string | null | undefined },
  ) => Promise<WebhookDeadLetter[]>
  readonly countDeadLetters: (webhook: Webhook) => Promise<number>
}

export interface AddChannelInput {
  readonly kind: ChannelKind
  readonly target: string
  readonly kinds?: readonly AlertKind[] | null | undefined
  readonly language?: ChannelLanguage | null | undefined
}

/** Configures the channels that take alerts to people. */
export interface ChannelsPort {
  /**
   * Signed. A channel that the account has already gets these kinds and this language, and is enabled. An address that
   * is not confirmed is sent another mail. CONFLICT; RATE_LIMITED for confirmation mails; BAD_USER_INPUT also for
   * e-mail without SMTP_URL.
   */
  readonly add: (input: AddChannelInput) => Promise<Channel>
  /** Signed. */
  readonly remove: (id: string) => Promise<Channel>
  /** Oldest first. */
  readonly list: (account: Account) => Promise<Channel[]>
}

export interface RegisterApplicationServerInput {
  readonly applicationServer: string
  readonly signingKey: Unparsed
}

/** Registers keys of application servers. */
export interface ApplicationServersPort {
  /** Signed with the key that it registers. CONFLICT when the key is taken. Repeated, it looks for the proof again. */
  readonly register: (input: RegisterApplicationServerInput) => Promise<ApplicationServerRegistration>
}

/** Streams key changes to application servers. */
export interface KeyChangesPort {
  /**
   * Signed by an application server. Each change once and in order: those after the cursor, then new ones. FORBIDDEN when
   * it is not the application server that was named.
   */
  readonly subscribe: (options: {
    readonly applicationServer: string | null
    readonly after: string | null
  }) => Promise<AsyncIterable<KeyChange>>
}

/** Gathers look-ups that are made at the same time into one statement. */
export interface Loader<Key, Value> {
  load(key: Key): Promise<Value>
}

/** Identifies a key of an account. */
export interface Reference {
  readonly accountId: string
  readonly id: string
}

/** The ports and loaders of one request. */
export interface GraphQLContext {
  readonly accounts: AccountsPort
  readonly managementKeys: ManagementKeysPort
  readonly transactionKeys: TransactionKeysPort
  readonly acquisitions: AcquisitionsPort
  readonly verification: VerificationPort
  readonly alerts: AlertsPort
  readonly audit: AuditPort
  readonly webhooks: WebhooksPort
  readonly channels: ChannelsPort
  readonly pairings: PairingsPort
  readonly applicationServers: ApplicationServersPort
  readonly keyChanges: KeyChangesPort
  readonly keyServer: KeyServerPort
  readonly loaders: {
    readonly transactionKey: Loader<Reference, TransactionKey>
    readonly managementKey: Loader<Reference, ManagementKey>
    /** Null when the account has no such key. */
    readonly findTransactionKey: Loader<Reference, TransactionKey | null>
    /** The management keys that a transaction key is wrapped for. */
    readonly wrappedFor: Loader<Reference, ManagementKey[]>
  }
}
