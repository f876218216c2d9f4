import type { Keystore } from '../index.ts'
import { fileKeystore } from '../node/index.ts'
import { readPassphrase } from './passphrase.ts'
import { hasCode, withTries } from './tries.ts'

export interface AskingKeystore extends Keystore {
  /** The passphrase that opened the keystore; it is asked for when nothing was opened yet. */
  readonly passphrase: () => Promise<string>
}

export interface AskingOptions {
  readonly path: string
  /** The passphrase's file. Undefined: the person at the terminal is asked. */
  readonly file: string | undefined
  /** It is a passphrase to choose. */
  readonly isNew: boolean
  /** Never: a keystore that is to be written in plain. Default: asks when the file turns out to be encrypted. */
  readonly asks?: boolean
}

/** A keystore whose passphrase may be typed again when it is wrong. */
export function askingKeystore({ path, file, isNew, asks = true }: AskingOptions): AskingKeystore {
  let answer: Promise<string> | null = null
  const passphrase = () => (answer ??= readPassphrase({ file, isNew, option: '--passphrase-file' }))
  const make = () => fileKeystore({ path, passphrase: asks ? passphrase : undefined })
  let current = make()
  let isOpened = false
  const load = () =>
    withTries(
      async () => {
        try {
          const record = await current.load()
          isOpened = true
          return record
        } catch (error) {
          // It remembers its passphrase, and so does this.
          answer = null
          current = make()
          throw error
        }
      },
      { isAsked: asks && file === undefined, isWrong: hasCode('KEYSTORE_LOCKED') },
    )
  return {
    extractable: current.extractable,
    trustStore: current.trustStore,
    passphrase,
    load,
    save: async (record, options) => {
      if (!isOpened) await load()
      await current.save(record, options)
    },
  }
}
