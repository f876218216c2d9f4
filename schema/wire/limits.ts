/** The bounds that both ends of the protocol agree on. A change here is a change of the protocol. */
export const limits = {
  /** Largest body of an unsigned request, in bytes. */
  unsignedBodyBytesMax: 64 * 1024,
  /** Largest body of a request that carries a signature, in bytes. */
  signedBodyBytesMax: 512 * 1024,
  /** Largest compact JWE, in characters. */
  jweCharactersMax: 16 * 1024,
  /** Largest signed statement (compact JWS), in characters: the certificate of an ML-DSA-87 key has up to 6,400. */
  statementCharactersMax: 8 * 1024,
  /** Largest endorsement or proof of possession, in characters: one with two keys on P-256 has up to 1,000. */
  endorsementCharactersMax: 2 * 1024,
  /** Longest chain of endorsements that is shown with a certificate. */
  endorsementsMax: 16,
  /** Longest answer to an unsigned request, in characters. */
  unsignedAnswerCharactersMax: 1024 * 1024,
  /**
   * Longest answer to a signed request, in characters: 100 wrapped keys with their descriptions and a thousand management
   * keys, each of them as long as it may be, have up to 3,600,000.
   */
  signedAnswerCharactersMax: 4 * 1024 * 1024,
  /** Longest life of the key server's signed answer to a verification, in seconds. */
  answerSecondsMax: 5 * 60,
  /** Most items in any list argument, and in a page of a connection. */
  batchMax: 100,
  pageDefault: 20,
  applicationServerCharactersMax: 255,
  labelCharactersMax: 255,
  expiryNoticesMax: 10,
  /** Ten years: the longest time before expiry at which a notice can be asked for, in seconds. */
  expiryNoticeSecondsMax: 10 * 365 * 24 * 60 * 60,
  /** 30 days, 7 days and 1 day, in seconds. */
  expiryNoticesDefault: [2_592_000, 604_800, 86_400],
  /** Longest time between `created` and `expires` of a request signature, in seconds. */
  signatureLifetimeSecondsMax: 60,
  /** How far a client's clock may run ahead of the database's, in seconds. */
  signatureClockSkewSeconds: 30,
  nonceBytesMin: 16,
  nonceBytesMax: 32,
  /** How long a repeated `acquisitionId` counts once, in hours. */
  acquisitionIdHours: 24,
  webhooksMax: 5,
  webhookUrlCharactersMax: 2000,
  /** How long a new device waits for its approval, in seconds. */
  pairingSeconds: 10 * 60,
  /** Largest message between a new device and the one that approves it, in characters. */
  pairingCharactersMax: 8 * 1024,
  webSocketMessageBytesMax: 64 * 1024,
} as const
