import { builder } from './builder.ts'
import './scalars.ts'
import './account.ts'
import './management-key.ts'
import './transaction-key.ts'
import './wrapped-key.ts'
import './verification.ts'
import './alert.ts'
import './webhook.ts'
import './channel.ts'
import './pairing.ts'
import './application-server.ts'
import './key-change.ts'
import './key-server.ts'

/** The executable schema. `npm run schema` prints it to schema/schema.graphql. */
export const schema = builder.toSchema()
