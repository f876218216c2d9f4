import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react'
import { openVault, VaultError } from '../../index.ts'
import { mayOpen } from './access.ts'
import { fixedKeyServer, readMode } from './mode.ts'
import {
  connectionOptions,
  createSession,
  keystores,
  type ConsoleSession,
  type KeystoreChoice,
} from './session.ts'

export type SessionState =
  | { readonly status: 'opening' }
  /** This browser has no key. */
  | { readonly status: 'none' }
  /** Its key is sealed by a passkey, which the browser gives when somebody asks for it. */
  | { readonly status: 'locked'; readonly owner: string; readonly unlock: () => Promise<void> }
  /** This browser's key can do more than this page may be trusted with. */
  | { readonly status: 'tooPowerful' }
  | { readonly status: 'failed'; readonly error: unknown }
  | { readonly status: 'open'; readonly session: ConsoleSession }

export interface SessionControl {
  readonly state: SessionState
  /** Goes on with the vault that was put into a keystore: made, paired or restored. */
  readonly enter: (keptBy: KeystoreChoice) => Promise<void>
}

const ControlContext = createContext<SessionControl | null>(null)
const SessionContext = createContext<ConsoleSession | null>(null)

/** Opens the account whose key this browser keeps, and holds it for all pages. */
export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const [state, setState] = useState<SessionState>({ status: 'opening' })
  const enter = useCallback(async (keptBy: KeystoreChoice) => {
    // Opened anew, its keys cannot be copied out any more: those that were just made for a passkey could be.
    const vault = await openVault({ keystore: keystores[keptBy], ...connectionOptions })
    const mode = readMode()
    setState(
      mayOpen(mode, vault)
        ? { status: 'open', session: createSession(vault, { mode, keptBy }) }
        : { status: 'tooPowerful' },
    )
  }, [])
  useEffect(() => {
    const open = async () => {
      try {
        await enter('browser')
      } catch (error) {
        if (!(error instanceof VaultError) || error.code !== 'KEYSTORE_EMPTY') throw error
        const sealed = await keystores.passkey.describe()
        setState(
          sealed === null
            ? { status: 'none' }
            : { status: 'locked', owner: sealed.owner, unlock: () => enter('passkey') },
        )
      }
    }
    open().catch((error: unknown) => {
      setState({ status: 'failed', error })
    })
  }, [enter])
  const session = state.status === 'open' ? state.session : null
  useEffect(() => session?.alerts.start(), [session])
  const control = useMemo(() => ({ state, enter }), [state, enter])
  return (
    <ControlContext value={control}>
      <SessionContext value={session}>{children}</SessionContext>
    </ControlContext>
  )
}

export function useSessionControl(): SessionControl {
  const control = use(ControlContext)
  if (control === null) throw new TypeError('A page stands inside SessionProvider.')
  return control
}

/** The open account. Only pages that the shell shows may ask. */
export function useSession(): ConsoleSession {
  const session = use(SessionContext)
  if (session === null) throw new TypeError('This page is shown when an account is open.')
  return session
}

/** The open account, for pages that show something without one too; null where none is open. */
export function useOptionalSession(): ConsoleSession | null {
  return use(SessionContext)
}

/** The origin of the key server that this page asks, whether an account is open or not. */
export function useKeyServer(): string {
  return useOptionalSession()?.viewer.url ?? fixedKeyServer(readMode()) ?? location.origin
}
