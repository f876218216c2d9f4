/*
 * Limits on what one client, and all of them together, may hold open on one process of the server. Beyond a limit a client
 * gets RATE_LIMITED unless it says otherwise here; docs/protocol.md has the list.
 */

/** HTTP connections, those that became WebSockets included. A further one is closed at once. */
export const connectionsMax = 20_000

/** Pipelined requests of a connection that wait for the answer to the one before. With one more, it is closed. */
export const pipelinedOfConnectionMax = 100

/** Likewise of all connections together: some 3 KB each. */
export const pipelinedMax = 2_000

/** Queries and mutations that run at a time. A further one gets UNAVAILABLE. */
export const executionsMax = 1_000

/**
 * Bodies of requests and answers that wait for their clients, in bytes. Beyond it, the one that has waited longest is
 * cut off.
 */
export const waitingBytesMax = 32 * 1024 * 1024

/** How long a client may read nothing of an answer that waits for it. */
export const writeTimeoutMs = 30_000

/** Subscriptions of a key over all transports: as many as its sockets may have together. */
export const streamsPerKeyMax = 100

/** Subscriptions of all keys of an account, or of an application server: its next alert wakes them all. */
export const streamsPerPrincipalMax = 300

/** Subscriptions of all together, about 10 KB each. */
export const streamsMax = 10_000

export const socketsPerKeyMax = 5
export const operationsPerSocketMax = 20

/**
 * Behind a proxy that is not trusted (TRUSTED_PROXIES) these are of all its clients together: unsigned operations can
 * go over HTTP.
 */
export const unsignedSocketsPerAddressMax = 100

/** How long a socket that is not signed may run nothing. */
export const unsignedIdleMs = 60_000
