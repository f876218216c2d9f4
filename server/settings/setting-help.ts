import { z } from 'zod'

/** The help text of a setting. Its flag is made of its name: `--data-dir` of `DATA_DIR`. */
export interface SettingHelp {
  /** The placeholder of the value: `ADDRESS`. */
  readonly value: string
  /** server/README.md says more. */
  readonly help: string
  /** The default in words. */
  readonly otherwise: string
  /** The value is never shown, and can be read from the file that `NAME_FILE` names. */
  readonly isSecret?: boolean
}

/** The help of each setting that has registered. */
export const helps = z.registry<SettingHelp>()
