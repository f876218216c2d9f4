/** The channel on which every server learns the id of a revoked management key. */
export const revocationChannel = 'claviger_revoked'

export const alertChannel = 'claviger_alerts'
