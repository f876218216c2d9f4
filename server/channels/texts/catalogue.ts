import type {
  AlertKind,
  ChannelChange,
  ChannelKind,
  ManagementKeyKind,
  RevocationReason,
} from '../../../schema/wire/enums.ts'

/** The owner's text of an alert: what happened, and what they can do. Plain text, a sentence or more each. */
export interface AlertText {
  /** One line, which is also the subject of a mail. */
  readonly title: string
  readonly happened: string
  readonly toDo: string
}

/** A key as its owner knows it. */
export interface KeyFacts {
  readonly id: string
  readonly applicationServer: string
  readonly label: string | null
}

/** A management key as its owner knows it. */
export interface DeviceFacts {
  readonly id: string
  readonly kind: ManagementKeyKind
  readonly label: string
}

/** An alert with the names of what it is about. */
export type AlertFacts = { readonly occurredAt: Date } & (
  | {
      readonly kind: 'KEY_EXPIRING'
      readonly key: KeyFacts
      readonly expiresAt: Date
      readonly noticeSeconds: number
    }
  | { readonly kind: 'KEY_EXPIRED'; readonly key: KeyFacts; readonly expiresAt: Date }
  | {
      readonly kind: 'KEY_OVERUSED'
      readonly key: KeyFacts
      readonly device: DeviceFacts
      readonly maxUses: number
      readonly excess: number
      readonly refused: boolean
    }
  | { readonly kind: 'KEY_REVOKED'; readonly key: KeyFacts; readonly reason: RevocationReason }
  | {
      readonly kind: 'PUBLIC_KEY_MISMATCH'
      readonly applicationServer: string
      readonly furtherKeyCount: number
    }
  | { readonly kind: 'MANAGEMENT_KEY_ADDED'; readonly device: DeviceFacts; readonly by: DeviceFacts }
  | { readonly kind: 'MANAGEMENT_KEY_REVOKED'; readonly device: DeviceFacts; readonly by: DeviceFacts }
  | { readonly kind: 'KEYS_REWRAPPED'; readonly device: DeviceFacts; readonly keyCount: number }
  | { readonly kind: 'KEYS_EXPORTED'; readonly device: DeviceFacts; readonly keyCount: number }
  | {
      readonly kind: 'CHANNEL_CHANGED'
      readonly channelKind: ChannelKind | 'WEBHOOK'
      /** It is the channel that the message goes to. */
      readonly isHere: boolean
      readonly change: ChannelChange
      readonly device: DeviceFacts | null
    }
)

/** How a language describes each kind of alert. */
export type AlertTexts = {
  readonly [Kind in AlertKind]: (facts: Extract<AlertFacts, { readonly kind: Kind }>) => AlertText
}

/** A page of the server's that a link in a mail leads to. */
export interface PageText {
  readonly title: string
  readonly text: string
  /** The label of the button; null when nothing is left to do. */
  readonly button: string | null
}

/** Everything that is written to people, in one language. */
export interface Texts {
  readonly alerts: AlertTexts
  /** A moment in UTC, as people of this language write it. */
  readonly instant: (date: Date) => string
  /** The title of a message about several alerts. */
  readonly several: (count: number) => string
  /** The sentence about the alerts that a message has no room for: how many of each kind. */
  readonly further: (counts: readonly { readonly kind: AlertKind; readonly count: number }[]) => string
  readonly occurred: string
  readonly toDo: string
  /** Where a message comes from, and where more can be found. */
  readonly origin: (owner: string, origin: string) => string
  /** Under a mail that names commands: where they are carried out, and how else. */
  readonly commands: string
  /** Under every mail. */
  readonly footer: string
  readonly stop: string
  readonly confirmation: {
    readonly subject: string
    readonly asked: (owner: string, origin: string) => string
    readonly confirm: (hours: number) => string
    readonly ignore: string
    readonly block: string
  }
  readonly farewell: (owner: string, origin: string) => AlertText
  readonly pages: Readonly<
    Record<
      'confirm' | 'confirmed' | 'stop' | 'stopped' | 'block' | 'blocked' | 'invalid',
      (owner: string) => PageText
    >
  >
}
