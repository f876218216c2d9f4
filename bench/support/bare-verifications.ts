/**
 * Verification without GraphQL, for comparison: a plain endpoint on node:http and postgres.js that parses the same key and
 * runs the same statement. `POST` of a list of { owner, applicationServer, publicKey }; it answers with a list.
 */
import { z } from 'zod'
import { parsePublicJwkForm } from '../../schema/wire/keys/jwk.ts'
import { accountIdOf } from '../../server/lib/account-id.ts'
import { connectDatabases } from '../../server/database/connect.ts'
import { lookUp } from '../../server/verification/look-up.ts'
import { thumbprintOf } from '../../server/lib/thumbprint-of.ts'
import { serveJson } from './bare-server.ts'

const [port = '', databaseUrl = ''] = process.argv.slice(2)
const databases = connectDatabases({ url: databaseUrl, writeConnectionsMax: 1 })
const queries = z.array(
  z.object({ owner: z.string(), applicationServer: z.string(), publicKey: z.unknown() }),
)

serveJson(port, (body) =>
  lookUp(
    databases.reads,
    queries.parse(body).map(({ owner, applicationServer, publicKey }) => ({
      accountId: accountIdOf(owner),
      applicationServer,
      thumbprint: thumbprintOf(parsePublicJwkForm(publicKey)),
    })),
  ),
)
