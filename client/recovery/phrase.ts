import { generateMnemonic, mnemonicToSeedWebcrypto, validateMnemonic } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english.js'
import { VaultError } from '../errors.ts'

/** 256 bits and a checksum of 8 bits, 11 bits a word. */
const phraseWordCount = 24

const entropyBits = 256

/** Creates a recovery phrase: words of the English BIP-39 list. */
export function createPhrase(): string[] {
  return generateMnemonic(wordlist, entropyBits).split(' ')
}

/**
 * Parses a phrase as typed by a person: upper case, line breaks, numbers, bullets, quotes, hyphens and invisible characters
 * are ignored, and the two letters i of a Turkish keyboard are accepted.
 *
 * @throws {VaultError} PHRASE_INVALID. Its message contains the number of words, and none of the words.
 */
export function parsePhrase(text: string): string[] {
  const words = text
    .normalize('NFKD')
    // Soft hyphens, zero-width characters and combining marks, such as the dot of a decomposed capital I.
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
    throw new VaultError('PHRASE_INVALID', { detail: `Word ${String(unknown + 1)} is not in the list.` })
  }
  if (!validateMnemonic(words.join(' '), wordlist)) {
    throw new VaultError('PHRASE_INVALID', {
      detail: 'The checksum is wrong: a word is wrong, or two words are swapped.',
    })
  }
  return words
}

/** The seed of a phrase (BIP-39, without a passphrase): 64 bytes. */
export async function seedOf(words: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await mnemonicToSeedWebcrypto(words.join(' ')))
}
