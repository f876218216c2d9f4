/**
 * A public key as somebody typed or piped it, for `parsePublicKey`: JSON is read as a JWK, and every other text (PEM, OpenSSH)
 * stays as it is. Never throws: what is neither is no public key, and is not quoted.
 */
export function publicKeyFromText(text: string): unknown {
  const trimmed = text.trim()
  if (!trimmed.startsWith('{')) return trimmed
  try {
    return JSON.parse(trimmed)
  } catch {
    return trimmed
  }
}
