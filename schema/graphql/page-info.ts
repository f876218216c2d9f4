import { builder } from './builder.ts'
import type { Page } from './domain.ts'

/** Relay's PageInfo, over any page. */
export const PageInfo = builder.objectRef<Page<unknown>>('PageInfo').implement({
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage'),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage'),
    startCursor: t.string({ nullable: true, resolve: (page) => page.edges[0]?.cursor }),
    endCursor: t.string({ nullable: true, resolve: (page) => page.edges.at(-1)?.cursor }),
  }),
})
