import { useEffect, useState } from 'react'
import { verifyPublicKey, type PublicKeyQuery, type VerificationResult } from 'claviger'

export interface VerificationState {
  /** Null before the answer, and when there is none. */
  readonly result: VerificationResult | null
  readonly isLoading: boolean
  /** Why there is no answer: the key is not verified then. */
  readonly error: unknown
}

const idle: VerificationState = { result: null, isLoading: false, error: null }

/**
 * Verifies a public key at a key server whenever the query changes; null asks nothing. The key is text
 * (PEM, OpenSSH) or a JWK. It needs no vault: anybody may ask.
 *
 * For what a page shows. An application server decides with `claviger/verifier`, on its own machine.
 */
export function useVerification(
  query: (PublicKeyQuery & { readonly url: string }) | null,
): VerificationState {
  const [state, setState] = useState(idle)
  const { url = '', owner = '', applicationServer = '', publicKey = null } = query ?? {}
  // A key that is made anew at each render is the same question.
  const keyJson = query === null ? null : JSON.stringify(publicKey)
  useEffect(() => {
    if (keyJson === null) {
      setState(idle)
      return undefined
    }
    let isCurrent = true
    setState({ ...idle, isLoading: true })
    void ask({ url, owner, applicationServer, publicKey: JSON.parse(keyJson) }).then((answer) => {
      if (isCurrent) setState(answer)
    })
    return () => {
      isCurrent = false
    }
  }, [url, owner, applicationServer, keyJson])
  return state
}

async function ask(query: PublicKeyQuery & { readonly url: string }): Promise<VerificationState> {
  try {
    return { ...idle, result: await verifyPublicKey(query) }
  } catch (error) {
    return { ...idle, error }
  }
}
