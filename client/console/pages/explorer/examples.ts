/** A document to begin with, for one root field of the API. */
export interface Example {
  readonly document: string
  /** Sample variables; an id that stands for one of the reader's own is all zeros. */
  readonly variables: object
}

const id = '00000000-0000-0000-0000-000000000000'
const thumbprint = 'A'.repeat(43)
const jwk = { kty: 'OKP', crv: 'Ed25519', x: thumbprint }
const question = { owner: 'anna', applicationServer: 'https://shop.example', publicKey: jwk }
/** A value that the SDK makes, because it takes a secret: the example shows its form alone. */
const [jwe, jws] = ['header.key.iv.ciphertext.tag', 'header.payload.signature']
const wrappedKeys = [{ managementKeyId: thumbprint, jwe }]
const managementKey = { label: 'Laptop', signingKey: jwk, wrappingKey: { ...jwk, crv: 'X25519' } }

/** By root field: every operation that the API has. */
export const examples: Readonly<Record<string, Example>> = {
  account: {
    document: `query Account {
  account {
    name
    createdAt
    managementKeys { id label kind lastUsedAt }
    transactionKeys(first: 10, state: ACTIVE) {
      totalCount
      edges { node { id label applicationServer useCount maxUses expiresAt } }
    }
    alerts(last: 10) {
      unacknowledgedCount
      edges { node { kind occurredAt cursor } }
    }
    webhooks { url failure deadLetterCount }
  }
}`,
    variables: {},
  },
  keyServer: {
    document: `query KeyServer {
  keyServer { version time signingKeys }
}`,
    variables: {},
  },
  transactionKey: {
    document: `query TransactionKey($id: ID!) {
  transactionKey(id: $id) { label state publicKey thumbprint useCount certificate }
}`,
    variables: { id },
  },
  wrappedKey: {
    document: `# Counts as one use.
query WrappedKey($id: ID!) {
  wrappedKey(transactionKeyId: $id) { jwe transactionKey { useCount maxUses } }
}`,
    variables: { id },
  },
  wrappedKeys: {
    document: `# Each counts as one use.
query WrappedKeys($ids: [ID!]!) {
  wrappedKeys(transactionKeyIds: $ids) { jwe transactionKey { id useCount } }
}`,
    variables: { ids: [id] },
  },
  verifyPublicKey: {
    document: `query VerifyPublicKey($input: VerifyPublicKeyInput!) {
  verifyPublicKey(input: $input) { coincides valid state expiresAt checkedAt answer certificate }
}`,
    variables: { input: question },
  },
  verifyPublicKeys: {
    document: `query VerifyPublicKeys($inputs: [VerifyPublicKeyInput!]!) {
  verifyPublicKeys(inputs: $inputs) { coincides valid state }
}`,
    variables: { inputs: [question] },
  },
  pairing: {
    document: `query Pairing($id: ID!) {
  pairing(id: $id) { expiresAt answer }
}`,
    variables: { id: 'A'.repeat(22) },
  },
  alerts: {
    document: `# Runs until it is stopped.
subscription Alerts($after: String, $kinds: [AlertKind!]) {
  alerts(after: $after, kinds: $kinds) {
    kind
    cursor
    occurredAt
    ... on KeyOverusedAlert { excess transactionKey { label } }
    ... on KeyExpiringAlert { expiresAt transactionKey { label } }
  }
}`,
    variables: {},
  },
  keyChanges: {
    document: `# For application servers, whose keys sign it: FORBIDDEN for an owner's.
subscription KeyChanges($applicationServer: String) {
  keyChanges(applicationServer: $applicationServer) { kind thumbprint cursor occurredAt }
}`,
    variables: { applicationServer: 'https://shop.example' },
  },
  acknowledgeAlerts: {
    document: `mutation AcknowledgeAlerts($upTo: String!) {
  acknowledgeAlerts(upTo: $upTo)
}`,
    variables: { upTo: 'the cursor of an alert' },
  },
  updateTransactionKey: {
    document: `# Label and notices: a change of term or limits needs a certificate, which the SDK signs.
mutation UpdateTransactionKey($input: UpdateTransactionKeyInput!) {
  updateTransactionKey(input: $input) { id label expiryNotices }
}`,
    variables: { input: { id, label: 'Shop', expiryNotices: [604_800] } },
  },
  revokeTransactionKey: {
    document: `# Final.
mutation RevokeTransactionKey($id: ID!, $reason: RevocationReason) {
  revokeTransactionKey(id: $id, reason: $reason) { state revokedAt }
}`,
    variables: { id, reason: 'CESSATION' },
  },
  destroyTransactionKey: {
    document: `# Erases every wrapped copy for good.
mutation DestroyTransactionKey($id: ID!) {
  destroyTransactionKey(id: $id) { state }
}`,
    variables: { id },
  },
  setWebhook: {
    document: `mutation SetWebhook($input: SetWebhookInput!) {
  setWebhook(input: $input) { secret webhook { id url kinds } }
}`,
    variables: { input: { url: 'https://receiver.example/alerts', kinds: ['KEY_OVERUSED'] } },
  },
  redeliverWebhook: {
    document: `mutation RedeliverWebhook($id: ID!) {
  redeliverWebhook(id: $id) { url nextAttemptAt deadLetterCount }
}`,
    variables: { id },
  },
  removeWebhook: {
    document: `mutation RemoveWebhook($id: ID!) {
  removeWebhook(id: $id) { url }
}`,
    variables: { id },
  },
  addChannel: {
    document: `# Nothing but a confirmation is sent to an address before it is confirmed.
mutation AddChannel($input: AddChannelInput!) {
  addChannel(input: $input) { id kind kinds isConfirmed }
}`,
    variables: { input: { kind: 'EMAIL', target: 'anna@mail.example', kinds: ['KEY_OVERUSED'] } },
  },
  removeChannel: {
    document: `mutation RemoveChannel($id: ID!) {
  removeChannel(id: $id) { kind }
}`,
    variables: { id },
  },
  storeTransactionKey: {
    document: `# vault.createKey makes all of this: the wrapped secret and the certificate too.
mutation StoreTransactionKey($input: StoreTransactionKeyInput!) {
  storeTransactionKey(input: $input) { id state }
}`,
    variables: {
      input: { id, applicationServer: 'https://shop.example', publicKey: jwk, wrappedKeys, certificate: jws },
    },
  },
  rewrapTransactionKeys: {
    document: `# vault.approveDevice makes the wrapped copies.
mutation RewrapTransactionKeys($input: [RewrapTransactionKeyInput!]!) {
  rewrapTransactionKeys(input: $input) { id wrappedFor { id } }
}`,
    variables: { input: [{ transactionKeyId: id, wrappedKeys }] },
  },
  openAccount: {
    document: `# createVault does this, signed by the new key.
mutation OpenAccount($input: OpenAccountInput!) {
  openAccount(input: $input) { id name }
}`,
    variables: { input: { name: 'anna', managementKey: { ...managementKey, endorsement: jws } } },
  },
  addManagementKey: {
    document: `# vault.approveDevice makes the endorsement and the copies.
mutation AddManagementKey($input: AddManagementKeyInput!) {
  addManagementKey(input: $input) { id label }
}`,
    variables: {
      input: { managementKey, endorsement: jws, proof: jws, wrappedKeys: [{ transactionKeyId: id, jwe }] },
    },
  },
  revokeManagementKey: {
    document: `# The device loses its access at once.
mutation RevokeManagementKey($id: ID!) {
  revokeManagementKey(id: $id) { label revokedAt }
}`,
    variables: { id: thumbprint },
  },
  openPairing: {
    document: `# requestPairing does this, on the new device.
mutation OpenPairing($input: OpenPairingInput!) {
  openPairing(input: $input) { id expiresAt }
}`,
    variables: { input: { id: 'A'.repeat(22), payload: 'a sealed message' } },
  },
  answerPairing: {
    document: `# vault.approveDevice does this.
mutation AnswerPairing($input: AnswerPairingInput!) {
  answerPairing(input: $input) { id expiresAt }
}`,
    variables: { input: { id: 'A'.repeat(22), answer: 'a sealed message' } },
  },
  closePairing: {
    document: `mutation ClosePairing($id: ID!) {
  closePairing(id: $id)
}`,
    variables: { id: 'A'.repeat(22) },
  },
  registerApplicationServer: {
    document: `# registerApplicationServer of claviger/verifier does this, signed by the application server's key.
mutation RegisterApplicationServer($input: RegisterApplicationServerInput!) {
  registerApplicationServer(input: $input) { keyId proved proofFailure }
}`,
    variables: { input: { applicationServer: 'https://shop.example', signingKey: jwk } },
  },
}
