import postgres from 'postgres'
import { placements } from '../../server/database/distribution/placement.ts'
import { nodesOf, urlOfNode } from './citus.ts'

/** feature_not_supported */
const refusedByCitus = '0A000'

const change = /^\s*(?:UPDATE|DELETE FROM)\s+(\w+)/

/**
 * The same connections, on which changes that Citus refuses on a distributed table (a clock in an UPDATE, for one) are
 * made in each of its shards: tests set times back that no client can.
 */
export function changingShards(sql: postgres.Sql, url: string): postgres.Sql {
  return new Proxy(sql, {
    apply(target, receiver, args: [TemplateStringsArray, ...postgres.ParameterOrFragment<never>[]]) {
      const made: unknown = Reflect.apply(target, receiver, args)
      const [texts] = args
      // Otherwise this is no statement, but a name in one.
      const table = typeof texts === 'object' ? change.exec(texts[0] ?? '')?.[1] : undefined
      if (table === undefined || !(table in placements)) return made
      return Promise.resolve(made).catch((error: unknown) => {
        if (!(error instanceof Error && 'code' in error && error.code === refusedByCitus)) throw error
        return changeShards(url, table, args)
      })
    },
  })
}

async function changeShards(
  url: string,
  table: string,
  [texts, ...values]: [TemplateStringsArray, ...postgres.ParameterOrFragment<never>[]],
): Promise<void> {
  const database = new URL(url).pathname.slice(1)
  for (const place of await nodesOf(url)) {
    const node = postgres(urlOfNode(url, place, database), { max: 1, onnotice: () => undefined })
    try {
      const shards = await node<{ shard: string }[]>`SELECT local_shards(${table})::text AS shard`
      for (const { shard } of shards) {
        const ofShard = texts.map((text, index) => (index === 0 ? text.replace(table, shard) : text))
        await node(Object.assign(ofShard, { raw: ofShard }), ...values)
      }
    } finally {
      await node.end({ timeout: 5 })
    }
  }
}
