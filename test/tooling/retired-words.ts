/** A name that the code had before, and what it is called since. docs/glossary.md defines the words in use. */
const retiredNames: Readonly<Record<string, string>> = {
  AlertListener: 'NotificationListener',
  AnsweredStanding: 'VerificationResult',
  AnySigner: 'Principal',
  AppSigner: 'RequestSigner',
  AppSignerOptions: 'RequestSignerOptions',
  AskAll: 'fetchOnce',
  Bell: 'Signal',
  Bookmark: 'CursorPosition',
  CacheTrust: 'FreshnessLease',
  Doubt: 'trustError',
  FetchPlaces: 'HintContext',
  KeyStanding: 'VerificationResult',
  KnownSigner: 'Principal',
  Moment: 'ClockReading',
  PairingPlaces: 'PairingLimiter',
  Places: 'ConcurrencyLimiter',
  PresentedSignature: 'SignedRequest',
  PruningDatabases: 'JobDatabases',
  Recollection: 'RollbackGuard',
  RequestCaller: 'SignedRequest',
  ShownStatements: 'ServedStatements',
  TrustMemory: 'TrustStore',
  TrustRecord: 'TrustState',
  VouchedFor: 'CertificationPath',
  Voucher: 'CertificationPath',
  WakeUps: 'Notifications',
  appProfile: 'requestProfile',
  askAll: 'fetchOnce',
  askOnce: 'fetchOnce',
  assertRan: 'assertExecuted',
  bookmark: 'position',
  doubt: 'trustError',
  findLie: 'firstMismatchedClaim',
  findUntrueClaim: 'firstMismatchedClaim',
  holderId: 'principalId',
  inTime: 'withTimeout',
  isClaimed: 'isNonceConsumed',
  momentOf: 'readClocks',
  msSince: 'elapsedMs',
  standings: 'verification results',
  v_rememberer: 'v_idempotency_scope',
  wakeUp: 'signal',
  wakeUps: 'signals',
  wordLastsMs: 'FreshnessLease',
}

interface RetiredPhrase {
  readonly pattern: RegExp
  readonly instead: string
}

/** Between two words of a sentence: also the end of a line, and what a comment's next line begins with. */
const gap = String.raw`(?:\s|\*|//)+`
/** Where a sentence begins: at the start of a line's text, after the end of the sentence before, or as a message. */
const sentenceStart = String.raw`(?<=(?:^[ \t]*(?:/\*\*?|\*|//|--?|#|\d\.)?|[.!?])[ \t]+(?:\*\*)?|^|(?:Error|description:|badInput)\b[^'"]{0,20}['"\x60])`
/** The rest of a sentence that is no question. */
const noQuestion = String.raw`(?=[^?.!]*(?:[.!]|$(?![^])))`

const retiredPhrases: readonly RetiredPhrase[] = [
  { pattern: /\bharmless\(/g, instead: 'isolateListener' },
  { pattern: new RegExp(String.raw`\bcan${gap}not\b(?!${gap}only)`, 'gi'), instead: 'cannot' },
  { pattern: /\b(?:[Hh]e|[Hh]is|[Hh]im|[Hh]imself|[Ss]he|[Hh]ers?|[Hh]erself)\b/g, instead: 'they, their' },
  {
    pattern: new RegExp(String.raw`${sentenceStart}Of\b${noQuestion}`, 'gm'),
    instead: 'a sentence that begins with its subject',
  },
  {
    pattern: new RegExp(String.raw`${sentenceStart}(?:Who|Whom|Whose|What)\b${noQuestion}`, 'gm'),
    instead: 'Whoever, or the noun: client, owner, caller, entry, request',
  },
]

/** A retired word or phrase in a text. */
export interface RetiredWord {
  readonly line: number
  readonly found: string
  readonly instead: string
}

/** Each retired name (as a whole word) and phrase in `text`, in the order of lines. */
export function findRetiredWords(text: string): RetiredWord[] {
  const names = new RegExp(String.raw`\b(?:${Object.keys(retiredNames).join('|')})\b`, 'g')
  const patterns = [{ pattern: names, instead: undefined }, ...retiredPhrases]
  return patterns
    .flatMap(({ pattern, instead }) =>
      [...text.matchAll(pattern)].map(({ 0: found, index }) => ({
        line: text.slice(0, index).split('\n').length,
        found: found.replaceAll(/\s+/g, ' '),
        instead: instead ?? retiredNames[found] ?? '',
      })),
    )
    .sort((a, b) => a.line - b.line)
}
