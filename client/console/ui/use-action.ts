import { useState } from 'react'

export interface Action {
  readonly isPending: boolean
  /** The error of the last run; null when it did not, or runs again. */
  readonly error: unknown
  readonly run: () => void
  readonly reset: () => void
}

/** Something that a press sets off and that takes time. A second press while it runs does nothing. */
export function useAction(work: () => Promise<void>): Action {
  const [isPending, setPending] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const run = async () => {
    setPending(true)
    setError(null)
    try {
      await work()
    } catch (failure) {
      setError(failure)
    } finally {
      setPending(false)
    }
  }
  return {
    isPending,
    error,
    run: () => {
      if (!isPending) void run()
    },
    reset: () => {
      setError(null)
    },
  }
}
