import { useEffect, useState } from 'react'
import { registrations, type Registration } from '../../../../schema/wire/enums.ts'

/** How a key server opens accounts; null until it is known. A key server that does not say it refuses by itself. */
export function useRegistration(url: string): Registration | null {
  const [registration, setRegistration] = useState<Registration | null>(null)
  useEffect(() => {
    const ending = new AbortController()
    void readRegistration(url, ending.signal).then((found) => {
      if (!ending.signal.aborted) setRegistration(found)
    })
    return () => {
      ending.abort()
    }
  }, [url])
  return registration
}

async function readRegistration(url: string, signal: AbortSignal): Promise<Registration | null> {
  if (!URL.canParse(url)) return null
  try {
    const response = await fetch(new URL('/graphql', url), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ query: '{ keyServer { registration } }' }),
      signal,
    })
    const text = await response.text()
    return registrations.find((name) => text.includes(`"registration":"${name}"`)) ?? null
  } catch {
    return null
  }
}
