import { useEffect, useRef, useState } from 'react'
import type { AuditFilter } from '../../../index.ts'
import { readAuditPage, type NamedAuditEntry } from '../../data/audit-log.ts'
import { useSession } from '../../session/session-context.tsx'
import { useAction } from '../../ui/use-action.ts'

interface Read {
  /** Null: nothing was read so far. */
  readonly entries: readonly NamedAuditEntry[] | null
  /** Where the next page begins; null on the last one. */
  readonly next: string | null
  readonly error: unknown
}

const nothing: Read = { entries: null, next: null, error: null }

/** The entries read so far that a filter lets through. */
export function useAuditLog(filter: AuditFilter) {
  const { viewer } = useSession()
  const [{ entries, next, error }, setRead] = useState(nothing)
  /** The filter whose entries are shown: an answer to another one is too late. */
  const current = useRef(filter)
  useEffect(() => {
    current.current = filter
    setRead(nothing)
    readAuditPage(viewer, { filter, after: null }).then(
      (page) => {
        if (current.current === filter) setRead({ entries: page.items, next: page.next, error: null })
      },
      (failure: unknown) => {
        if (current.current === filter) setRead({ ...nothing, error: failure })
      },
    )
  }, [viewer, filter])
  const more = useAction(async () => {
    const page = await readAuditPage(viewer, { filter, after: next })
    if (current.current !== filter) return
    setRead((before) =>
      before.next === next
        ? { entries: [...(before.entries ?? []), ...page.items], next: page.next, error: null }
        : before,
    )
  })
  return { entries, error: error ?? more.error, hasMore: next !== null, more }
}
