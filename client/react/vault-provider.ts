import {
  createContext,
  createElement,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useState,
  type ReactElement,
  type ReactNode,
} from 'react'
import {
  createVault,
  openVault,
  VaultError,
  type ConnectionOptions,
  type CreateVaultOptions,
  type Keystore,
  type Vault,
} from 'claviger'
import { lastRead, type LastRead } from '../keystore/last-read.ts'

export interface VaultProviderProps {
  /** Made once, outside of components: a keystore that is another one at each render would be opened at each. */
  readonly keystore: Keystore
  /** How the key server is reached. Made once, too. */
  readonly connection?: ConnectionOptions | undefined
  /**
   * Keeps what the hooks read of keys and alerts in IndexedDB (`claviger-reads`), for a page that is loaded while the
   * key server is out of reach. It is descriptions, no secrets, and never shown in place of a refusal. Default: false.
   */
  readonly keepsReads?: boolean | undefined
  readonly children?: ReactNode
}

/**
 * How far a vault is: TypeScript knows by `status` that there is one. `empty`: the keystore has no management key yet.
 * `failed`: it could not be opened, and `error` says why.
 */
export type OpenedVault =
  | { readonly status: 'opening'; readonly vault: null; readonly error: null }
  | { readonly status: 'empty'; readonly vault: null; readonly error: null }
  | { readonly status: 'open'; readonly vault: Vault; readonly error: null }
  | { readonly status: 'failed'; readonly vault: null; readonly error: unknown }

export interface VaultActions {
  /** Opens it again, after a failure, or when a device was paired or restored into the keystore. Never rejects. */
  readonly open: () => Promise<void>
  /**
   * Opens an account with a new management key in the keystore.
   *
   * @throws as `createVault`; the status stays what it is then.
   */
  readonly create: (options: Omit<CreateVaultOptions, 'keystore' | keyof ConnectionOptions>) => Promise<void>
}

/** The result of {@link useVault}. */
export type VaultState = OpenedVault & VaultActions

const opening: OpenedVault = { status: 'opening', vault: null, error: null }
const VaultContext = createContext<VaultState | null>(null)
const KeepsReadsContext = createContext(false)

/** Opens the keystore's vault, and holds it for the hooks of everything inside. */
export function VaultProvider({
  keystore,
  connection,
  keepsReads = false,
  children,
}: VaultProviderProps): ReactElement {
  const [opened, setOpened] = useState<OpenedVault>(opening)
  const open = useCallback(async () => {
    setOpened(await tryOpen(keystore, connection))
  }, [keystore, connection])
  useEffect(() => {
    let isCurrent = true
    void tryOpen(keystore, connection).then((result) => {
      if (isCurrent) setOpened(result)
    })
    return () => {
      isCurrent = false
      setOpened(opening)
    }
  }, [keystore, connection])
  const create = useCallback<VaultActions['create']>(
    async (options) => {
      await createVault({ ...connection, ...options, keystore })
      await open()
    },
    [keystore, connection, open],
  )
  const state = useMemo(() => ({ ...opened, open, create }), [opened, open, create])
  const reads = createElement(KeepsReadsContext.Provider, { value: keepsReads }, children)
  return createElement(VaultContext.Provider, { value: state }, reads)
}

/**
 * The vault of the {@link VaultProvider} around this component, and how it came to be.
 *
 * @throws {TypeError} outside of one.
 */
export function useVault(): VaultState {
  const state = useContext(VaultContext)
  if (state === null) throw new TypeError('useVault needs a VaultProvider around it.')
  return state
}

/** Where the hooks keep what they read of one thing; null where they keep nothing. The values are this version's own. */
export function useLastRead<T extends object>(name: string): LastRead<T> | null {
  const { vault } = useVault()
  const keepsReads = useContext(KeepsReadsContext)
  return useMemo(
    () => (vault === null || !keepsReads ? null : lastRead<T>(vault.managementKeyId, `react/${name}`)),
    [vault, keepsReads, name],
  )
}

async function tryOpen(keystore: Keystore, connection: ConnectionOptions | undefined): Promise<OpenedVault> {
  try {
    return { status: 'open', vault: await openVault({ ...connection, keystore }), error: null }
  } catch (error) {
    const isEmpty = error instanceof VaultError && error.code === 'KEYSTORE_EMPTY'
    return isEmpty ? { status: 'empty', vault: null, error: null } : { status: 'failed', vault: null, error }
  }
}
