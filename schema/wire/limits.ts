/** The limits of the protocol, which server and clients share. A change here changes the protocol. */
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
  /** Maximum number of endorsements that are served with a certificate. */
  endorsementsMax: 16,
  /** Longest response to an unsigned request, in characters. */
  unsignedAnswerCharactersMax: 1024 * 1024,
  /**
   * Longest response to a signed request, in characters: 100 wrapped keys with their descriptions and 1,000 management keys of
   * maximum size have up to 3,600,000.
   */
  signedAnswerCharactersMax: 4 * 1024 * 1024,
  /** Longest lifetime of a signed verification answer, in seconds. */
  answerSecondsMax: 5 * 60,
  /** Most items in any list argument, and in a page of a connection. */
  batchMax: 100,
  pageDefault: 20,
  applicationServerCharactersMax: 255,
  labelCharactersMax: 255,
  expiryNoticesMax: 10,
  /** Ten years: the longest time before expiry of a notice, in seconds. */
  expiryNoticeSecondsMax: 10 * 365 * 24 * 60 * 60,
  /** 30 days, 7 days and 1 day, in seconds. */
  expiryNoticesDefault: [2_592_000, 604_800, 86_400],
  /** Longest time between `created` and `expires` of a request signature, in seconds. */
  signatureLifetimeSecondsMax: 60,
  /** How far a client's clock may run ahead of the database's, in seconds. */
  signatureClockSkewSeconds: 30,
  nonceBytesMin: 16,
  nonceBytesMax: 32,
  /** How long repetitions of an `acquisitionId` count as one use, in hours. */
  acquisitionIdHours: 24,
  webhookUrlCharactersMax: 2000,
  channelsMax: 5,
  /** How long the link in a confirmation mail is valid, in hours. */
  confirmationHours: 24,
  /** Confirmation mails to one address, whoever asks: one in an hour, and so many in 24 hours. */
  confirmationsPerAddressMax: 3,
  /** Confirmation mails that one account may ask for in 24 hours. */
  confirmationsPerAccountMax: 10,
  /** Lifetime of a pairing, in seconds. */
  pairingSeconds: 10 * 60,
  /** Largest message between a new device and the one that approves it, in characters. */
  pairingCharactersMax: 8 * 1024,
  webSocketMessageBytesMax: 64 * 1024,
} as const
