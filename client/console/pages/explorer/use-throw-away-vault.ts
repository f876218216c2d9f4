import { useRef } from 'react'
import { createVault, memoryKeystore } from '../../../index.ts'
import type { Runner } from './use-runs.ts'

/** An account whose key is in memory alone: made at the first call, and forgotten with the page. */
export function useThrowAwayVault(url: string): () => Promise<Runner> {
  const made = useRef<Promise<Runner> | null>(null)
  return async () => {
    const owner = `try-${crypto.randomUUID().slice(0, 13)}`
    made.current ??= createVault({ url, owner, label: 'API explorer', keystore: memoryKeystore() })
    try {
      return await made.current
    } catch (error) {
      made.current = null
      throw error
    }
  }
}
