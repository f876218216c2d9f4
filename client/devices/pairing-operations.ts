import type { ResponseReader } from '../transport/response-reader.ts'
import type { Operation } from '../transport/graphql.ts'

/** A pairing as the key server stores it. Its messages are verified when they are opened. */
export interface StoredPairing {
  readonly payload: string
  /** Null until the approving device has answered. */
  readonly answer: string | null
  /** By the key server's clock. */
  readonly expiresAt: Date
}

const fields = 'payload answer expiresAt'

/** Unsigned. */
export const openPairing: Operation<StoredPairing> = {
  kind: 'mutation',
  document: `mutation OpenPairing($input: OpenPairingInput!) { openPairing(input: $input) { ${fields} } }`,
  parse: (data) => parsePairing(data.object('openPairing')),
}

/** Unsigned. Null when there is no such pairing, or it has expired. */
export const findPairing: Operation<StoredPairing | null> = {
  kind: 'query',
  document: `query Pairing($id: ID!) { pairing(id: $id) { ${fields} } }`,
  parse: (data) => {
    const answer = data.objectOrNull('pairing')
    return answer === null ? null : parsePairing(answer)
  },
}

/** Signed. */
export const answerPairing: Operation<StoredPairing> = {
  kind: 'mutation',
  document: `mutation AnswerPairing($input: AnswerPairingInput!) { answerPairing(input: $input) { ${fields} } }`,
  parse: (data) => parsePairing(data.object('answerPairing')),
}

/** Unsigned. */
export const closePairing: Operation<boolean> = {
  kind: 'mutation',
  document: 'mutation ClosePairing($id: ID!) { closePairing(id: $id) }',
  parse: (data) => data.boolean('closePairing'),
}

function parsePairing(answer: ResponseReader): StoredPairing {
  return {
    payload: answer.text('payload'),
    answer: answer.textOrNull('answer'),
    expiresAt: answer.instant('expiresAt'),
  }
}
