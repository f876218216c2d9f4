import { useState } from 'react'
import { examples } from './examples.ts'

/** One document that is worked on, with its variables as text. */
export interface Sheet {
  readonly id: string
  readonly document: string
  readonly variables: string
}

/** All that is open, and what was run before, the newest first. */
export interface Desk {
  readonly sheets: readonly [Sheet, ...Sheet[]]
  readonly currentId: string
  readonly history: readonly Sheet[]
}

const storageKey = 'claviger-explorer'
const historyMax = 30

/** The sheets, kept for the next visit: documents and variables, no results. */
export function useDesk() {
  const [desk, setDesk] = useState(read)
  const change = (next: (desk: Desk) => Desk) => {
    setDesk((before) => keep(next(before)))
  }
  const changeSheet = (isMeant: (sheet: Sheet) => boolean, changes: Partial<Sheet>) => {
    change((before) => ({
      ...before,
      sheets: mapSheets(before.sheets, (sheet) => (isMeant(sheet) ? { ...sheet, ...changes } : sheet)),
    }))
  }
  return {
    desk,
    current: desk.sheets.find(({ id }) => id === desk.currentId) ?? desk.sheets[0],
    select: (id: string) => {
      change((before) => ({ ...before, currentId: id }))
    },
    edit: (id: string, changes: Partial<Sheet>) => {
      changeSheet((sheet) => sheet.id === id, changes)
    },
    /** As edit, unless the sheet was changed meanwhile. */
    editUnchanged: (unchanged: Sheet, changes: Partial<Sheet>) => {
      changeSheet((sheet) => sheet === unchanged, changes)
    },
    open: (document: string, variables: string) => {
      const sheet = sheetOf(document, variables)
      change((before) => ({ ...before, sheets: [...before.sheets, sheet], currentId: sheet.id }))
    },
    close: (id: string) => {
      change((before) => {
        const index = before.sheets.findIndex((sheet) => sheet.id === id)
        const [first = sheetOf('', '{}'), ...others] = before.sheets.filter((sheet) => sheet.id !== id)
        const sheets = [first, ...others] as const
        const currentId =
          before.currentId === id ? (sheets[Math.max(0, index - 1)] ?? first).id : before.currentId
        return { ...before, sheets, currentId }
      })
    },
    /** Remembers what was run. The same text again moves to the front. */
    remember: ({ document, variables }: Sheet) => {
      change((before) => {
        const others = before.history.filter(
          (run) => run.document !== document || run.variables !== variables,
        )
        return { ...before, history: [sheetOf(document, variables), ...others].slice(0, historyMax) }
      })
    },
    clearHistory: () => {
      change((before) => ({ ...before, history: [] }))
    },
    restoreHistory: (history: Desk['history']) => {
      change((before) => ({ ...before, history }))
    },
  }
}

function mapSheets([first, ...others]: Desk['sheets'], map: (sheet: Sheet) => Sheet): Desk['sheets'] {
  return [map(first), ...others.map(map)]
}

function sheetOf(document: string, variables: string): Sheet {
  return { id: crypto.randomUUID(), document, variables }
}

function keep(desk: Desk): Desk {
  try {
    localStorage.setItem(storageKey, JSON.stringify(desk))
  } catch {
    // Storage that is full or forbidden: the sheets last as long as the page.
  }
  return desk
}

function read(): Desk {
  const kept = parse()
  const [first, ...others] = sheetsOf(kept.get('sheets'))
  const sheets = [first ?? sheetOf(examples.account?.document ?? '', '{}'), ...others] as const
  const currentId = sheets.find(({ id }) => id === kept.get('currentId'))?.id ?? sheets[0].id
  return { sheets, currentId, history: sheetsOf(kept.get('history')) }
}

function parse(): ReadonlyMap<string, unknown> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(storageKey) ?? '{}')
    return new Map(Object.entries(value ?? {}))
  } catch {
    return new Map()
  }
}

function sheetsOf(value: unknown): Sheet[] {
  return Array.isArray(value) ? value.filter(isSheet) : []
}

function isSheet(value: unknown): value is Sheet {
  return (
    typeof value === 'object' &&
    value !== null &&
    'id' in value &&
    'document' in value &&
    'variables' in value &&
    [value.id, value.document, value.variables].every((member) => typeof member === 'string')
  )
}
