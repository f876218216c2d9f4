import { encodeCursorPosition } from '../wire/cursor.ts'
import { builder, signedByApplicationServer } from './builder.ts'
import { type KeyChange as KeyChangeShape } from './domain.ts'
import type { keyChangeKinds } from '../wire/enums.ts'

const keyChangeDescriptions = {
  REVOKED: {},
  DESTROYED: { description: 'Its wrapped keys were erased, and it was revoked if it was not before.' },
  SUPERSEDED: { description: 'It was revoked because another key replaces it.' },
  TERM_CHANGED: { description: 'expiresAt has changed.' },
  EXPIRED: {},
  UP_TO_DATE: {
    description:
      'No change: there is none after this cursor. Sent when the list has been read to its end, and every few seconds after.',
  },
} satisfies Record<(typeof keyChangeKinds)[number], object>

const KeyChangeKind = builder.enumType('KeyChangeKind', { values: keyChangeDescriptions })

const KeyChange = builder.objectRef<KeyChangeShape>('KeyChange').implement({
  description: 'A change of a key that is stored for this application server. It names no owner.',
  fields: (t) => ({
    kind: t.expose('kind', { type: KeyChangeKind }),
    thumbprint: t.exposeString('thumbprint', {
      nullable: true,
      description: 'RFC 7638 SHA-256 thumbprint of the public key. Null for UP_TO_DATE.',
    }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true }),
    cursor: t.string({
      description: 'Where to resume: pass it as `after`.',
      resolve: ({ cursorPosition }) => encodeCursorPosition('change', cursorPosition),
    }),
    occurredAt: t.expose('occurredAt', { type: 'DateTime' }),
  }),
})

builder.subscriptionField('keyChanges', (t) =>
  t.field({
    type: KeyChange,
    description: `\
Signed by a registered application server. The changes of the keys that are stored for it, each exactly once and in
order: first those after the cursor, then new ones. Without a cursor: only new ones.
FORBIDDEN when applicationServer is not the signer's.`,
    extensions: signedByApplicationServer,
    args: {
      applicationServer: t.arg.string({
        description:
          'The expected application server. Always give it: with a wrong key there would be no changes and no error.',
      }),
      after: t.arg.string(),
    },
    subscribe: (_root, { applicationServer, after }, ctx) =>
      ctx.keyChanges.subscribe({
        applicationServer: applicationServer ?? null,
        after: after ?? null,
      }),
    resolve: (change) => change,
  }),
)
