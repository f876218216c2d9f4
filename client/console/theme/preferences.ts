import { useSyncExternalStore } from 'react'
import { languages, type Language } from '../i18n/messages.ts'
import { preferredLanguage } from '../i18n/translate.ts'

export const themes = ['system', 'light', 'dark'] as const
export const densities = ['comfortable', 'compact'] as const

/** How the console looks and speaks on this device. */
export interface Preferences {
  readonly theme: (typeof themes)[number]
  readonly density: (typeof densities)[number]
  readonly language: Language
  /** Whether alerts show as notifications of the system while the page is in the background. */
  readonly notifies: boolean
}

const storageKey = 'claviger-console'
const listeners = new Set<() => void>()
let current = read()

/** Keeps a change for the next visit and shows it at once. */
export function setPreferences(changes: Partial<Preferences>): void {
  current = { ...current, ...changes }
  try {
    localStorage.setItem(storageKey, JSON.stringify(current))
  } catch {
    // Storage that is full or forbidden: the change lasts as long as the page.
  }
  applyPreferences()
  for (const listener of listeners) listener()
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, () => current)
}

/** Sets what the style sheets and screen readers look at on the root element. */
export function applyPreferences(): void {
  const { documentElement } = document
  documentElement.lang = current.language
  documentElement.dataset.density = current.density
  if (current.theme === 'system') delete documentElement.dataset.theme
  else documentElement.dataset.theme = current.theme
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function read(): Preferences {
  const kept = new Map<string, unknown>(Object.entries(parse(storedText())))
  return {
    theme: themes.find((theme) => theme === kept.get('theme')) ?? 'system',
    density: densities.find((density) => density === kept.get('density')) ?? 'comfortable',
    language:
      languages.find((language) => language === kept.get('language')) ??
      preferredLanguage(navigator.languages),
    notifies: kept.get('notifies') === true,
  }
}

function storedText(): string {
  try {
    return localStorage.getItem(storageKey) ?? '{}'
  } catch {
    return '{}'
  }
}

function parse(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
