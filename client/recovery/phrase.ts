import { generateMnemonic, mnemonicToSeedWebcrypto, validateMnemonic } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { VaultError } from '../errors.ts'

/** 256 bits, and 8 bits of checksum. */
const phraseWordCount = 24

const entropyBits = 256

/** A new recovery phrase: words of the English BIP-39 list. */
export function createPhrase(): string[] {
  return generateMnemonic(wordlist, entropyBits).split(' ')
}

/**
 * Reads a phrase as people write it: upper case, line breaks, numbers, bullets, quotes, hyphens and characters that are not
 * seen do not matter, nor the two i of a Turkish keyboard.
 *
 * @throws {VaultError} PHRASE_INVALID, which says how many words there were, and never which.
 */
export function parsePhrase(text: string): string[] {
  const words = text
    .normalize('NFKD')
    // Soft hyphens, zero-width characters and accents: the dot of a capital I, once that is decomposed.
    .replace(/[\p{Default_Ignorable_Code_Point}\p{M}]/gu, '')
    .toLowerCase()
    .replaceAll('ı', 'i')
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '')
  if (words.length !== phraseWordCount) {
    const detail = `A phrase has ${String(phraseWordCount)} words; these are ${String(words.length)}.`
    throw new VaultError('PHRASE_INVALID', { detail })
  }
  const known = new Set(wordlist)
  const unknown = words.findIndex((word) => !known.has(word))
  if (unknown !== -1) {
    throw new VaultError('PHRASE_INVALID', { detail: `Word ${String(unknown + 1)} is none of the list.` })
  }
  if (!validateMnemonic(words.join(' '), wordlist)) {
    throw new VaultError('PHRASE_INVALID', {
      detail: 'The checksum is wrong: a word is wrong, or two changed places.',
    })
  }
  return words
}

/** The seed of a phrase (BIP-39, without a passphrase): 64 bytes. */
export async function seedOf(words: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await mnemonicToSeedWebcrypto(words.join(' ')))
}
