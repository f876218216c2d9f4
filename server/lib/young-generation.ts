import { setFlagsFromString } from 'node:v8'

/**
 * Lets V8's young generation grow to its full size in one step. Requests leave much behind that lives for a moment; where
 * little survives, V8 keeps the generation small, and collects so often that it takes a seventh of the processor. A
 * verification takes 19 % less of it this way (record 21).
 *
 * Called once, before anything else is loaded: only processes that are a key server's alone do it.
 */
export function growYoungGeneration(): void {
  setFlagsFromString('--semi-space-growth-factor=16')
}
