const dayMs = 86_400_000

/** Time-outs of a transaction that copies a whole database: a COPY has no other bound than the transaction. */
export const copyLimits = { statementMs: 0, lockMs: 120_000, transactionMs: dayMs } as const
