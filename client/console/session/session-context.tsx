import { createContext, use, useCallback, useEffect, useMemo, useState, type ReactNode } from 'react'
import { openVault, VaultError, type Vault } from '../../index.ts'
import { mayOpen } from './access.ts'
import { readMode } from './mode.ts'
import { connectionOptions, createSession, keystore, type ConsoleSession } from './session.ts'

export type SessionState =
  | { readonly status: 'opening' }
  /** This browser has no key. */
  | { readonly status: 'none' }
  /** This browser's key can do more than this page may be trusted with. */
  | { readonly status: 'tooPowerful' }
  | { readonly status: 'failed'; readonly error: unknown }
  | { readonly status: 'open'; readonly session: ConsoleSession }

export interface SessionControl {
  readonly state: SessionState
  /** Goes on with a vault that was made, paired or restored. */
  readonly enter: (vault: Vault) => void
}

const ControlContext = createContext<SessionControl | null>(null)
const SessionContext = createContext<ConsoleSession | null>(null)

/** Opens the account whose key this browser keeps, and holds it for all pages. */
export function SessionProvider({ children }: { readonly children: ReactNode }) {
  const [state, setState] = useState<SessionState>({ status: 'opening' })
  const enter = useCallback((vault: Vault) => {
    const mode = readMode()
    setState(
      mayOpen(mode, vault)
        ? { status: 'open', session: createSession(vault, mode) }
        : { status: 'tooPowerful' },
    )
  }, [])
  useEffect(() => {
    const open = async () => {
      try {
        enter(await openVault({ keystore, ...connectionOptions }))
      } catch (error) {
        const isEmpty = error instanceof VaultError && error.code === 'KEYSTORE_EMPTY'
        setState(isEmpty ? { status: 'none' } : { status: 'failed', error })
      }
    }
    void open()
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
