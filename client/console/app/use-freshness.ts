import { useEffect } from 'react'
import { useSession } from '../session/session-context.tsx'
import { loadAllPages } from './routes.tsx'

/** After the first page is there: the other pages are fetched too, so that they open offline. */
const prefetchAfterMs = 4_000

/** Reads anew what may have changed while the page was not looked at, and has all pages at hand. */
export function useFreshness(): void {
  const { keys, account, totals, due } = useSession()
  useEffect(() => {
    const refresh = () => {
      if (document.hidden) return
      for (const resource of [keys, account, totals, due]) resource.ensure()
    }
    document.addEventListener('visibilitychange', refresh)
    const timer = setTimeout(loadAllPages, prefetchAfterMs)
    return () => {
      document.removeEventListener('visibilitychange', refresh)
      clearTimeout(timer)
    }
  }, [keys, account, totals, due])
}
