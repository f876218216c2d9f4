/*
 * What one client, and all of them together, may hold open on one process of the server. Whoever wants more is told
 * RATE_LIMITED; docs/protocol.md says so.
 */

/** Connections of HTTP, those that became sockets among them. Another one is closed as it comes. */
export const connectionsMax = 20_000

/** Subscriptions of a key over all transports: as many as its sockets may have. */
export const streamsPerKeyMax = 100

export const socketsPerKeyMax = 5
export const operationsPerSocketMax = 20

/** Behind a proxy these are of all its clients together: they lose nothing, since what is unsigned can go over HTTP. */
export const unsignedSocketsPerAddressMax = 100

/** How long a socket that is not signed may run nothing. */
export const unsignedIdleMs = 60_000
