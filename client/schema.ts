/* Derived from schema/graphql by `npm run schema`. Do not edit. */
import type { PublicJwk } from '../schema/wire/keys/jwk.ts'

export type { PublicJwk }

/** The API as types, for `initGraphQLTada` of gql.tada: it infers the data and the variables of any document. */
export type Introspection = {
  name: never
  query: 'Query'
  mutation: 'Mutation'
  subscription: 'Subscription'
  types: {
    Account: {
      kind: 'OBJECT'
      name: 'Account'
      fields: {
        alerts: {
          name: 'alerts'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'AlertConnection'; ofType: null }
          }
        }
        auditHead: {
          name: 'auditHead'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'OBJECT'; name: 'AuditHead'; ofType: null } }
        }
        auditLog: {
          name: 'auditLog'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'AuditConnection'; ofType: null }
          }
        }
        channels: {
          name: 'channels'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: {
              kind: 'LIST'
              name: never
              ofType: {
                kind: 'NON_NULL'
                name: never
                ofType: { kind: 'OBJECT'; name: 'Channel'; ofType: null }
              }
            }
          }
        }
        createdAt: {
          name: 'createdAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
        id: {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        managementKeys: {
          name: 'managementKeys'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: {
              kind: 'LIST'
              name: never
              ofType: {
                kind: 'NON_NULL'
                name: never
                ofType: { kind: 'OBJECT'; name: 'ManagementKey'; ofType: null }
              }
            }
          }
        }
        name: {
          name: 'name'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        transactionKeys: {
          name: 'transactionKeys'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'TransactionKeyConnection'; ofType: null }
          }
        }
        usage: {
          name: 'usage'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'AccountUsage'; ofType: null }
          }
        }
        webhooks: {
          name: 'webhooks'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: {
              kind: 'LIST'
              name: never
              ofType: {
                kind: 'NON_NULL'
                name: never
                ofType: { kind: 'OBJECT'; name: 'Webhook'; ofType: null }
              }
            }
          }
        }
      }
    }
    AccountUsage: {
      kind: 'OBJECT'
      name: 'AccountUsage'
      fields: {
        managementKeys: {
          name: 'managementKeys'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
        managementKeysMax: {
          name: 'managementKeysMax'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
        storedBytes: {
          name: 'storedBytes'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
        storedBytesMax: {
          name: 'storedBytesMax'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
        transactionKeys: {
          name: 'transactionKeys'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
        transactionKeysMax: {
          name: 'transactionKeysMax'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
        webhooks: {
          name: 'webhooks'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
        webhooksMax: {
          name: 'webhooksMax'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
      }
    }
    AcquisitionPurpose: { name: 'AcquisitionPurpose'; enumValues: 'EXPORT' | 'REWRAP' | 'USE' }
    AddChannelInput: {
      kind: 'INPUT_OBJECT'
      name: 'AddChannelInput'
      isOneOf: false
      inputFields: [
        {
          name: 'kind'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'ENUM'; name: 'ChannelKind'; ofType: null } }
          defaultValue: null
        },
        {
          name: 'kinds'
          type: {
            kind: 'LIST'
            name: never
            ofType: {
              kind: 'NON_NULL'
              name: never
              ofType: { kind: 'ENUM'; name: 'AlertKind'; ofType: null }
            }
          }
          defaultValue: null
        },
        {
          name: 'language'
          type: { kind: 'ENUM'; name: 'ChannelLanguage'; ofType: null }
          defaultValue: null
        },
        {
          name: 'target'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
          defaultValue: null
        },
      ]
    }
    AddManagementKeyInput: {
      kind: 'INPUT_OBJECT'
      name: 'AddManagementKeyInput'
      isOneOf: false
      inputFields: [
        {
          name: 'endorsement'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'JWS'; ofType: null } }
          defaultValue: null
        },
        {
          name: 'managementKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'INPUT_OBJECT'; name: 'ManagementKeyInput'; ofType: null }
          }
          defaultValue: null
        },
        {
          name: 'proof'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'JWS'; ofType: null } }
          defaultValue: null
        },
        {
          name: 'wrappedKeys'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: {
              kind: 'LIST'
              name: never
              ofType: {
                kind: 'NON_NULL'
                name: never
                ofType: { kind: 'INPUT_OBJECT'; name: 'CopyInput'; ofType: null }
              }
            }
          }
          defaultValue: null
        },
      ]
    }
    Alert: {
      kind: 'INTERFACE'
      name: 'Alert'
      fields: {
        acknowledgedAt: { name: 'acknowledgedAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        cursor: {
          name: 'cursor'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        id: {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        kind: {
          name: 'kind'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'ENUM'; name: 'AlertKind'; ofType: null } }
        }
        occurredAt: {
          name: 'occurredAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
      }
      possibleTypes:
        | 'ChannelChangedAlert'
        | 'KeyExpiredAlert'
        | 'KeyExpiringAlert'
        | 'KeyOverusedAlert'
        | 'KeyRevokedAlert'
        | 'KeysExportedAlert'
        | 'KeysRewrappedAlert'
        | 'ManagementKeyAddedAlert'
        | 'ManagementKeyRevokedAlert'
        | 'PublicKeyMismatchAlert'
    }
    AlertConnection: {
      kind: 'OBJECT'
      name: 'AlertConnection'
      fields: {
        edges: {
          name: 'edges'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: {
              kind: 'LIST'
              name: never
              ofType: {
                kind: 'NON_NULL'
                name: never
                ofType: { kind: 'OBJECT'; name: 'AlertEdge'; ofType: null }
              }
            }
          }
        }
        pageInfo: {
          name: 'pageInfo'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'OBJECT'; name: 'PageInfo'; ofType: null } }
        }
        unacknowledgedCount: {
          name: 'unacknowledgedCount'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
      }
    }
    AlertEdge: {
      kind: 'OBJECT'
      name: 'AlertEdge'
      fields: {
        cursor: {
          name: 'cursor'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        node: {
          name: 'node'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'INTERFACE'; name: 'Alert'; ofType: null } }
        }
      }
    }
    AlertKind: {
      name: 'AlertKind'
      enumValues:
        | 'CHANNEL_CHANGED'
        | 'KEYS_EXPORTED'
        | 'KEYS_REWRAPPED'
        | 'KEY_EXPIRED'
        | 'KEY_EXPIRING'
        | 'KEY_OVERUSED'
        | 'KEY_REVOKED'
        | 'MANAGEMENT_KEY_ADDED'
        | 'MANAGEMENT_KEY_REVOKED'
        | 'PUBLIC_KEY_MISMATCH'
    }
    AnswerPairingInput: {
      kind: 'INPUT_OBJECT'
      name: 'AnswerPairingInput'
      isOneOf: false
      inputFields: [
        {
          name: 'answer'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
          defaultValue: null
        },
        {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
          defaultValue: null
        },
      ]
    }
    ApplicationServerProofFailure: {
      name: 'ApplicationServerProofFailure'
      enumValues: 'MALFORMED' | 'NOT_AN_ORIGIN' | 'NOT_LISTED' | 'REFUSED' | 'UNREACHABLE'
    }
    ApplicationServerRegistration: {
      kind: 'OBJECT'
      name: 'ApplicationServerRegistration'
      fields: {
        applicationServer: {
          name: 'applicationServer'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        keyId: {
          name: 'keyId'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        proofFailure: {
          name: 'proofFailure'
          type: { kind: 'ENUM'; name: 'ApplicationServerProofFailure'; ofType: null }
        }
        proved: {
          name: 'proved'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Boolean'; ofType: null } }
        }
      }
    }
    AuditAction: {
      name: 'AuditAction'
      enumValues:
        | 'ACCOUNT_OPENED'
        | 'ALERTS_ACKNOWLEDGED'
        | 'KEY_ACQUIRED'
        | 'KEY_DESTROYED'
        | 'KEY_REVOKED'
        | 'KEY_REWRAPPED'
        | 'KEY_STORED'
        | 'KEY_UPDATED'
        | 'MANAGEMENT_KEY_ADDED'
        | 'MANAGEMENT_KEY_REVOKED'
        | 'WEBHOOK_CHANGED'
    }
    AuditConnection: {
      kind: 'OBJECT'
      name: 'AuditConnection'
      fields: {
        edges: {
          name: 'edges'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: {
              kind: 'LIST'
              name: never
              ofType: {
                kind: 'NON_NULL'
                name: never
                ofType: { kind: 'OBJECT'; name: 'AuditEdge'; ofType: null }
              }
            }
          }
        }
        pageInfo: {
          name: 'pageInfo'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'OBJECT'; name: 'PageInfo'; ofType: null } }
        }
      }
    }
    AuditEdge: {
      kind: 'OBJECT'
      name: 'AuditEdge'
      fields: {
        cursor: {
          name: 'cursor'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        node: {
          name: 'node'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'AuditEntry'; ofType: null }
          }
        }
      }
    }
    AuditEntry: {
      kind: 'OBJECT'
      name: 'AuditEntry'
      fields: {
        action: {
          name: 'action'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'ENUM'; name: 'AuditAction'; ofType: null } }
        }
        address: { name: 'address'; type: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        affectedManagementKey: {
          name: 'affectedManagementKey'
          type: { kind: 'OBJECT'; name: 'ManagementKey'; ofType: null }
        }
        affectedManagementKeyId: {
          name: 'affectedManagementKeyId'
          type: { kind: 'SCALAR'; name: 'ID'; ofType: null }
        }
        code: { name: 'code'; type: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        granted: {
          name: 'granted'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Boolean'; ofType: null } }
        }
        hash: { name: 'hash'; type: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        id: {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        managementKey: {
          name: 'managementKey'
          type: { kind: 'OBJECT'; name: 'ManagementKey'; ofType: null }
        }
        managementKeyId: {
          name: 'managementKeyId'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        occurredAt: {
          name: 'occurredAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
        purpose: { name: 'purpose'; type: { kind: 'ENUM'; name: 'AcquisitionPurpose'; ofType: null } }
        sequence: { name: 'sequence'; type: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        transactionKey: {
          name: 'transactionKey'
          type: { kind: 'OBJECT'; name: 'TransactionKey'; ofType: null }
        }
        transactionKeyId: { name: 'transactionKeyId'; type: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
      }
    }
    AuditFilter: {
      kind: 'INPUT_OBJECT'
      name: 'AuditFilter'
      isOneOf: false
      inputFields: [
        {
          name: 'actions'
          type: {
            kind: 'LIST'
            name: never
            ofType: {
              kind: 'NON_NULL'
              name: never
              ofType: { kind: 'ENUM'; name: 'AuditAction'; ofType: null }
            }
          }
          defaultValue: null
        },
        { name: 'granted'; type: { kind: 'SCALAR'; name: 'Boolean'; ofType: null }; defaultValue: null },
        { name: 'managementKeyId'; type: { kind: 'SCALAR'; name: 'ID'; ofType: null }; defaultValue: null },
        { name: 'since'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null }; defaultValue: null },
        { name: 'transactionKeyId'; type: { kind: 'SCALAR'; name: 'ID'; ofType: null }; defaultValue: null },
        { name: 'until'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null }; defaultValue: null },
      ]
    }
    AuditHead: {
      kind: 'OBJECT'
      name: 'AuditHead'
      fields: {
        hash: {
          name: 'hash'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        prunedHash: {
          name: 'prunedHash'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        prunedSequence: {
          name: 'prunedSequence'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
        sealedAt: { name: 'sealedAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        sequence: {
          name: 'sequence'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
        statement: {
          name: 'statement'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'JWS'; ofType: null } }
        }
      }
    }
    Boolean: unknown
    Channel: {
      kind: 'OBJECT'
      name: 'Channel'
      fields: {
        createdAt: {
          name: 'createdAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
        disabledAt: { name: 'disabledAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        failingSince: { name: 'failingSince'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        failure: { name: 'failure'; type: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        id: {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        isConfirmed: {
          name: 'isConfirmed'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Boolean'; ofType: null } }
        }
        kind: {
          name: 'kind'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'ENUM'; name: 'ChannelKind'; ofType: null } }
        }
        kinds: {
          name: 'kinds'
          type: {
            kind: 'LIST'
            name: never
            ofType: {
              kind: 'NON_NULL'
              name: never
              ofType: { kind: 'ENUM'; name: 'AlertKind'; ofType: null }
            }
          }
        }
        language: {
          name: 'language'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'ENUM'; name: 'ChannelLanguage'; ofType: null }
          }
        }
        lastDeliveredAt: { name: 'lastDeliveredAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        nextAttemptAt: { name: 'nextAttemptAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        target: { name: 'target'; type: { kind: 'SCALAR'; name: 'String'; ofType: null } }
      }
    }
    ChannelChange: {
      name: 'ChannelChange'
      enumValues: 'ADDED' | 'CHANGED' | 'DISABLED' | 'FAILING' | 'REMOVED' | 'STOPPED'
    }
    ChannelChangedAlert: {
      kind: 'OBJECT'
      name: 'ChannelChangedAlert'
      fields: {
        acknowledgedAt: { name: 'acknowledgedAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        change: {
          name: 'change'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'ENUM'; name: 'ChannelChange'; ofType: null }
          }
        }
        changedBy: { name: 'changedBy'; type: { kind: 'OBJECT'; name: 'ManagementKey'; ofType: null } }
        channelId: {
          name: 'channelId'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        channelKind: { name: 'channelKind'; type: { kind: 'ENUM'; name: 'ChannelKind'; ofType: null } }
        cursor: {
          name: 'cursor'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        id: {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        kind: {
          name: 'kind'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'ENUM'; name: 'AlertKind'; ofType: null } }
        }
        occurredAt: {
          name: 'occurredAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
      }
    }
    ChannelKind: { name: 'ChannelKind'; enumValues: 'DISCORD' | 'EMAIL' | 'NTFY' | 'SLACK' | 'TEAMS' }
    ChannelLanguage: { name: 'ChannelLanguage'; enumValues: 'DE' | 'EN' }
    CopyInput: {
      kind: 'INPUT_OBJECT'
      name: 'CopyInput'
      isOneOf: false
      inputFields: [
        {
          name: 'jwe'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'JWE'; ofType: null } }
          defaultValue: null
        },
        {
          name: 'transactionKeyId'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
          defaultValue: null
        },
      ]
    }
    DateTime: unknown
    Float: unknown
    ID: unknown
    Int: unknown
    JWE: unknown
    JWK: unknown
    JWS: unknown
    KeyChange: {
      kind: 'OBJECT'
      name: 'KeyChange'
      fields: {
        cursor: {
          name: 'cursor'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        expiresAt: { name: 'expiresAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        kind: {
          name: 'kind'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'ENUM'; name: 'KeyChangeKind'; ofType: null }
          }
        }
        occurredAt: {
          name: 'occurredAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
        thumbprint: { name: 'thumbprint'; type: { kind: 'SCALAR'; name: 'String'; ofType: null } }
      }
    }
    KeyChangeKind: {
      name: 'KeyChangeKind'
      enumValues: 'DESTROYED' | 'EXPIRED' | 'REVOKED' | 'SUPERSEDED' | 'TERM_CHANGED' | 'UP_TO_DATE'
    }
    KeyExpiredAlert: {
      kind: 'OBJECT'
      name: 'KeyExpiredAlert'
      fields: {
        acknowledgedAt: { name: 'acknowledgedAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        cursor: {
          name: 'cursor'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        expiresAt: {
          name: 'expiresAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
        id: {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        kind: {
          name: 'kind'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'ENUM'; name: 'AlertKind'; ofType: null } }
        }
        occurredAt: {
          name: 'occurredAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
        transactionKey: {
          name: 'transactionKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'TransactionKey'; ofType: null }
          }
        }
      }
    }
    KeyExpiringAlert: {
      kind: 'OBJECT'
      name: 'KeyExpiringAlert'
      fields: {
        acknowledgedAt: { name: 'acknowledgedAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        cursor: {
          name: 'cursor'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        expiresAt: {
          name: 'expiresAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
        id: {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        kind: {
          name: 'kind'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'ENUM'; name: 'AlertKind'; ofType: null } }
        }
        noticeSeconds: {
          name: 'noticeSeconds'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
        occurredAt: {
          name: 'occurredAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
        transactionKey: {
          name: 'transactionKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'TransactionKey'; ofType: null }
          }
        }
      }
    }
    KeyOverusedAlert: {
      kind: 'OBJECT'
      name: 'KeyOverusedAlert'
      fields: {
        acknowledgedAt: { name: 'acknowledgedAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        cursor: {
          name: 'cursor'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        excess: {
          name: 'excess'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
        id: {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        kind: {
          name: 'kind'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'ENUM'; name: 'AlertKind'; ofType: null } }
        }
        managementKey: {
          name: 'managementKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'ManagementKey'; ofType: null }
          }
        }
        maxUses: {
          name: 'maxUses'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
        occurredAt: {
          name: 'occurredAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
        refused: {
          name: 'refused'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Boolean'; ofType: null } }
        }
        transactionKey: {
          name: 'transactionKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'TransactionKey'; ofType: null }
          }
        }
      }
    }
    KeyRevokedAlert: {
      kind: 'OBJECT'
      name: 'KeyRevokedAlert'
      fields: {
        acknowledgedAt: { name: 'acknowledgedAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        cursor: {
          name: 'cursor'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        id: {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        kind: {
          name: 'kind'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'ENUM'; name: 'AlertKind'; ofType: null } }
        }
        occurredAt: {
          name: 'occurredAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
        reason: {
          name: 'reason'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'ENUM'; name: 'RevocationReason'; ofType: null }
          }
        }
        transactionKey: {
          name: 'transactionKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'TransactionKey'; ofType: null }
          }
        }
      }
    }
    KeyServer: {
      kind: 'OBJECT'
      name: 'KeyServer'
      fields: {
        origins: {
          name: 'origins'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: {
              kind: 'LIST'
              name: never
              ofType: {
                kind: 'NON_NULL'
                name: never
                ofType: { kind: 'SCALAR'; name: 'String'; ofType: null }
              }
            }
          }
        }
        registration: {
          name: 'registration'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'ENUM'; name: 'Registration'; ofType: null }
          }
        }
        signingKeys: {
          name: 'signingKeys'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: {
              kind: 'LIST'
              name: never
              ofType: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'JWK'; ofType: null } }
            }
          }
        }
        time: {
          name: 'time'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
        version: {
          name: 'version'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
      }
    }
    KeysExportedAlert: {
      kind: 'OBJECT'
      name: 'KeysExportedAlert'
      fields: {
        acknowledgedAt: { name: 'acknowledgedAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        cursor: {
          name: 'cursor'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        id: {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        keyCount: {
          name: 'keyCount'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
        kind: {
          name: 'kind'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'ENUM'; name: 'AlertKind'; ofType: null } }
        }
        managementKey: {
          name: 'managementKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'ManagementKey'; ofType: null }
          }
        }
        occurredAt: {
          name: 'occurredAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
      }
    }
    KeysRewrappedAlert: {
      kind: 'OBJECT'
      name: 'KeysRewrappedAlert'
      fields: {
        acknowledgedAt: { name: 'acknowledgedAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        cursor: {
          name: 'cursor'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        id: {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        keyCount: {
          name: 'keyCount'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
        kind: {
          name: 'kind'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'ENUM'; name: 'AlertKind'; ofType: null } }
        }
        managementKey: {
          name: 'managementKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'ManagementKey'; ofType: null }
          }
        }
        occurredAt: {
          name: 'occurredAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
      }
    }
    ManagementKey: {
      kind: 'OBJECT'
      name: 'ManagementKey'
      fields: {
        createdAt: {
          name: 'createdAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
        endorsement: { name: 'endorsement'; type: { kind: 'SCALAR'; name: 'JWS'; ofType: null } }
        id: {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        kind: {
          name: 'kind'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'ENUM'; name: 'ManagementKeyKind'; ofType: null }
          }
        }
        label: {
          name: 'label'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        lastUsedAt: { name: 'lastUsedAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        revocation: { name: 'revocation'; type: { kind: 'SCALAR'; name: 'JWS'; ofType: null } }
        revokedAt: { name: 'revokedAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        signingKey: {
          name: 'signingKey'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'JWK'; ofType: null } }
        }
        wrappingKey: { name: 'wrappingKey'; type: { kind: 'SCALAR'; name: 'JWK'; ofType: null } }
      }
    }
    ManagementKeyAddedAlert: {
      kind: 'OBJECT'
      name: 'ManagementKeyAddedAlert'
      fields: {
        acknowledgedAt: { name: 'acknowledgedAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        addedBy: {
          name: 'addedBy'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'ManagementKey'; ofType: null }
          }
        }
        cursor: {
          name: 'cursor'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        id: {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        kind: {
          name: 'kind'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'ENUM'; name: 'AlertKind'; ofType: null } }
        }
        managementKey: {
          name: 'managementKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'ManagementKey'; ofType: null }
          }
        }
        occurredAt: {
          name: 'occurredAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
      }
    }
    ManagementKeyInput: {
      kind: 'INPUT_OBJECT'
      name: 'ManagementKeyInput'
      isOneOf: false
      inputFields: [
        { name: 'endorsement'; type: { kind: 'SCALAR'; name: 'JWS'; ofType: null }; defaultValue: null },
        {
          name: 'kind'
          type: { kind: 'ENUM'; name: 'ManagementKeyKind'; ofType: null }
          defaultValue: 'DEVICE'
        },
        {
          name: 'label'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
          defaultValue: null
        },
        {
          name: 'signingKey'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'JWK'; ofType: null } }
          defaultValue: null
        },
        { name: 'wrappingKey'; type: { kind: 'SCALAR'; name: 'JWK'; ofType: null }; defaultValue: null },
      ]
    }
    ManagementKeyKind: { name: 'ManagementKeyKind'; enumValues: 'DEVICE' | 'RECOVERY' | 'VIEWER' }
    ManagementKeyRevokedAlert: {
      kind: 'OBJECT'
      name: 'ManagementKeyRevokedAlert'
      fields: {
        acknowledgedAt: { name: 'acknowledgedAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        cursor: {
          name: 'cursor'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        id: {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        kind: {
          name: 'kind'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'ENUM'; name: 'AlertKind'; ofType: null } }
        }
        managementKey: {
          name: 'managementKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'ManagementKey'; ofType: null }
          }
        }
        occurredAt: {
          name: 'occurredAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
        revokedBy: {
          name: 'revokedBy'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'ManagementKey'; ofType: null }
          }
        }
      }
    }
    Mutation: {
      kind: 'OBJECT'
      name: 'Mutation'
      fields: {
        acknowledgeAlerts: {
          name: 'acknowledgeAlerts'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
        addChannel: {
          name: 'addChannel'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'OBJECT'; name: 'Channel'; ofType: null } }
        }
        addManagementKey: {
          name: 'addManagementKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'ManagementKey'; ofType: null }
          }
        }
        answerPairing: {
          name: 'answerPairing'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'OBJECT'; name: 'Pairing'; ofType: null } }
        }
        closePairing: {
          name: 'closePairing'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Boolean'; ofType: null } }
        }
        destroyTransactionKey: {
          name: 'destroyTransactionKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'TransactionKey'; ofType: null }
          }
        }
        openAccount: {
          name: 'openAccount'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'OBJECT'; name: 'Account'; ofType: null } }
        }
        openPairing: {
          name: 'openPairing'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'OBJECT'; name: 'Pairing'; ofType: null } }
        }
        redeliverWebhook: {
          name: 'redeliverWebhook'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'OBJECT'; name: 'Webhook'; ofType: null } }
        }
        registerApplicationServer: {
          name: 'registerApplicationServer'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'ApplicationServerRegistration'; ofType: null }
          }
        }
        removeChannel: {
          name: 'removeChannel'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'OBJECT'; name: 'Channel'; ofType: null } }
        }
        removeWebhook: {
          name: 'removeWebhook'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'OBJECT'; name: 'Webhook'; ofType: null } }
        }
        revokeManagementKey: {
          name: 'revokeManagementKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'ManagementKey'; ofType: null }
          }
        }
        revokeTransactionKey: {
          name: 'revokeTransactionKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'TransactionKey'; ofType: null }
          }
        }
        rewrapTransactionKeys: {
          name: 'rewrapTransactionKeys'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: {
              kind: 'LIST'
              name: never
              ofType: {
                kind: 'NON_NULL'
                name: never
                ofType: { kind: 'OBJECT'; name: 'TransactionKey'; ofType: null }
              }
            }
          }
        }
        setWebhook: {
          name: 'setWebhook'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'SetWebhookResult'; ofType: null }
          }
        }
        storeTransactionKey: {
          name: 'storeTransactionKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'TransactionKey'; ofType: null }
          }
        }
        updateTransactionKey: {
          name: 'updateTransactionKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'TransactionKey'; ofType: null }
          }
        }
      }
    }
    OpenAccountInput: {
      kind: 'INPUT_OBJECT'
      name: 'OpenAccountInput'
      isOneOf: false
      inputFields: [
        { name: 'invitation'; type: { kind: 'SCALAR'; name: 'String'; ofType: null }; defaultValue: null },
        {
          name: 'managementKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'INPUT_OBJECT'; name: 'ManagementKeyInput'; ofType: null }
          }
          defaultValue: null
        },
        {
          name: 'name'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
          defaultValue: null
        },
      ]
    }
    OpenPairingInput: {
      kind: 'INPUT_OBJECT'
      name: 'OpenPairingInput'
      isOneOf: false
      inputFields: [
        {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
          defaultValue: null
        },
        {
          name: 'payload'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
          defaultValue: null
        },
      ]
    }
    OverusePolicy: { name: 'OverusePolicy'; enumValues: 'NOTIFY' | 'REFUSE' }
    PageInfo: {
      kind: 'OBJECT'
      name: 'PageInfo'
      fields: {
        endCursor: { name: 'endCursor'; type: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        hasNextPage: {
          name: 'hasNextPage'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Boolean'; ofType: null } }
        }
        hasPreviousPage: {
          name: 'hasPreviousPage'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Boolean'; ofType: null } }
        }
        startCursor: { name: 'startCursor'; type: { kind: 'SCALAR'; name: 'String'; ofType: null } }
      }
    }
    Pairing: {
      kind: 'OBJECT'
      name: 'Pairing'
      fields: {
        answer: { name: 'answer'; type: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        expiresAt: {
          name: 'expiresAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
        id: {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        payload: {
          name: 'payload'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
      }
    }
    PublicKeyMismatchAlert: {
      kind: 'OBJECT'
      name: 'PublicKeyMismatchAlert'
      fields: {
        acknowledgedAt: { name: 'acknowledgedAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        applicationServer: {
          name: 'applicationServer'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        cursor: {
          name: 'cursor'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        furtherKeyCount: {
          name: 'furtherKeyCount'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
        id: {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        kind: {
          name: 'kind'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'ENUM'; name: 'AlertKind'; ofType: null } }
        }
        occurredAt: {
          name: 'occurredAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
        presentedThumbprint: {
          name: 'presentedThumbprint'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
      }
    }
    PublicKeyVerification: {
      kind: 'OBJECT'
      name: 'PublicKeyVerification'
      fields: {
        answer: {
          name: 'answer'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'JWS'; ofType: null } }
        }
        certificate: { name: 'certificate'; type: { kind: 'SCALAR'; name: 'JWS'; ofType: null } }
        checkedAt: {
          name: 'checkedAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
        coincides: {
          name: 'coincides'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Boolean'; ofType: null } }
        }
        endorsements: {
          name: 'endorsements'
          type: {
            kind: 'LIST'
            name: never
            ofType: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'JWS'; ofType: null } }
          }
        }
        expiresAt: { name: 'expiresAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        notBefore: { name: 'notBefore'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        possession: { name: 'possession'; type: { kind: 'SCALAR'; name: 'JWS'; ofType: null } }
        revocation: { name: 'revocation'; type: { kind: 'SCALAR'; name: 'JWS'; ofType: null } }
        state: { name: 'state'; type: { kind: 'ENUM'; name: 'TransactionKeyState'; ofType: null } }
        valid: {
          name: 'valid'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Boolean'; ofType: null } }
        }
      }
    }
    Query: {
      kind: 'OBJECT'
      name: 'Query'
      fields: {
        account: {
          name: 'account'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'OBJECT'; name: 'Account'; ofType: null } }
        }
        keyServer: {
          name: 'keyServer'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'OBJECT'; name: 'KeyServer'; ofType: null } }
        }
        pairing: { name: 'pairing'; type: { kind: 'OBJECT'; name: 'Pairing'; ofType: null } }
        transactionKey: {
          name: 'transactionKey'
          type: { kind: 'OBJECT'; name: 'TransactionKey'; ofType: null }
        }
        verifyPublicKey: {
          name: 'verifyPublicKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'PublicKeyVerification'; ofType: null }
          }
        }
        verifyPublicKeys: {
          name: 'verifyPublicKeys'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: {
              kind: 'LIST'
              name: never
              ofType: {
                kind: 'NON_NULL'
                name: never
                ofType: { kind: 'OBJECT'; name: 'PublicKeyVerification'; ofType: null }
              }
            }
          }
        }
        wrappedKey: {
          name: 'wrappedKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'WrappedKey'; ofType: null }
          }
        }
        wrappedKeys: {
          name: 'wrappedKeys'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: {
              kind: 'LIST'
              name: never
              ofType: {
                kind: 'NON_NULL'
                name: never
                ofType: { kind: 'OBJECT'; name: 'WrappedKey'; ofType: null }
              }
            }
          }
        }
      }
    }
    RegisterApplicationServerInput: {
      kind: 'INPUT_OBJECT'
      name: 'RegisterApplicationServerInput'
      isOneOf: false
      inputFields: [
        {
          name: 'applicationServer'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
          defaultValue: null
        },
        {
          name: 'signingKey'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'JWK'; ofType: null } }
          defaultValue: null
        },
      ]
    }
    Registration: { name: 'Registration'; enumValues: 'CLOSED' | 'INVITE' | 'OPEN' }
    RevocationReason: {
      name: 'RevocationReason'
      enumValues: 'CESSATION' | 'COMPROMISED' | 'SUPERSEDED' | 'UNSPECIFIED'
    }
    RewrapTransactionKeyInput: {
      kind: 'INPUT_OBJECT'
      name: 'RewrapTransactionKeyInput'
      isOneOf: false
      inputFields: [
        {
          name: 'transactionKeyId'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
          defaultValue: null
        },
        {
          name: 'wrappedKeys'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: {
              kind: 'LIST'
              name: never
              ofType: {
                kind: 'NON_NULL'
                name: never
                ofType: { kind: 'INPUT_OBJECT'; name: 'WrappedKeyInput'; ofType: null }
              }
            }
          }
          defaultValue: null
        },
      ]
    }
    SetWebhookInput: {
      kind: 'INPUT_OBJECT'
      name: 'SetWebhookInput'
      isOneOf: false
      inputFields: [
        {
          name: 'kinds'
          type: {
            kind: 'LIST'
            name: never
            ofType: {
              kind: 'NON_NULL'
              name: never
              ofType: { kind: 'ENUM'; name: 'AlertKind'; ofType: null }
            }
          }
          defaultValue: null
        },
        {
          name: 'renewSecret'
          type: { kind: 'SCALAR'; name: 'Boolean'; ofType: null }
          defaultValue: 'false'
        },
        {
          name: 'url'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
          defaultValue: null
        },
      ]
    }
    SetWebhookResult: {
      kind: 'OBJECT'
      name: 'SetWebhookResult'
      fields: {
        secret: { name: 'secret'; type: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        webhook: {
          name: 'webhook'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'OBJECT'; name: 'Webhook'; ofType: null } }
        }
      }
    }
    StoreTransactionKeyInput: {
      kind: 'INPUT_OBJECT'
      name: 'StoreTransactionKeyInput'
      isOneOf: false
      inputFields: [
        {
          name: 'applicationServer'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
          defaultValue: null
        },
        { name: 'certificate'; type: { kind: 'SCALAR'; name: 'JWS'; ofType: null }; defaultValue: null },
        { name: 'expiresAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null }; defaultValue: null },
        {
          name: 'expiryNotices'
          type: {
            kind: 'LIST'
            name: never
            ofType: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
          }
          defaultValue: null
        },
        {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
          defaultValue: null
        },
        { name: 'label'; type: { kind: 'SCALAR'; name: 'String'; ofType: null }; defaultValue: null },
        { name: 'maxUses'; type: { kind: 'SCALAR'; name: 'Int'; ofType: null }; defaultValue: null },
        { name: 'notBefore'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null }; defaultValue: null },
        {
          name: 'overusePolicy'
          type: { kind: 'ENUM'; name: 'OverusePolicy'; ofType: null }
          defaultValue: 'NOTIFY'
        },
        { name: 'possession'; type: { kind: 'SCALAR'; name: 'JWS'; ofType: null }; defaultValue: null },
        { name: 'publicKey'; type: { kind: 'SCALAR'; name: 'JWK'; ofType: null }; defaultValue: null },
        {
          name: 'wrappedKeys'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: {
              kind: 'LIST'
              name: never
              ofType: {
                kind: 'NON_NULL'
                name: never
                ofType: { kind: 'INPUT_OBJECT'; name: 'WrappedKeyInput'; ofType: null }
              }
            }
          }
          defaultValue: null
        },
      ]
    }
    String: unknown
    Subscription: {
      kind: 'OBJECT'
      name: 'Subscription'
      fields: {
        alerts: {
          name: 'alerts'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'INTERFACE'; name: 'Alert'; ofType: null } }
        }
        keyChanges: {
          name: 'keyChanges'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'OBJECT'; name: 'KeyChange'; ofType: null } }
        }
      }
    }
    TransactionKey: {
      kind: 'OBJECT'
      name: 'TransactionKey'
      fields: {
        applicationServer: {
          name: 'applicationServer'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        certificate: { name: 'certificate'; type: { kind: 'SCALAR'; name: 'JWS'; ofType: null } }
        createdAt: {
          name: 'createdAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
        expiresAt: { name: 'expiresAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        expiryNotices: {
          name: 'expiryNotices'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: {
              kind: 'LIST'
              name: never
              ofType: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
            }
          }
        }
        id: {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        label: { name: 'label'; type: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        lastUsedAt: { name: 'lastUsedAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        maxUses: { name: 'maxUses'; type: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        notBefore: { name: 'notBefore'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        overusePolicy: {
          name: 'overusePolicy'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'ENUM'; name: 'OverusePolicy'; ofType: null }
          }
        }
        possession: { name: 'possession'; type: { kind: 'SCALAR'; name: 'JWS'; ofType: null } }
        publicKey: { name: 'publicKey'; type: { kind: 'SCALAR'; name: 'JWK'; ofType: null } }
        refusedCount: {
          name: 'refusedCount'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
        revocation: { name: 'revocation'; type: { kind: 'SCALAR'; name: 'JWS'; ofType: null } }
        revocationReason: {
          name: 'revocationReason'
          type: { kind: 'ENUM'; name: 'RevocationReason'; ofType: null }
        }
        revokedAt: { name: 'revokedAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        state: {
          name: 'state'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'ENUM'; name: 'TransactionKeyState'; ofType: null }
          }
        }
        thumbprint: { name: 'thumbprint'; type: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        useCount: {
          name: 'useCount'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
        wrappedFor: {
          name: 'wrappedFor'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: {
              kind: 'LIST'
              name: never
              ofType: {
                kind: 'NON_NULL'
                name: never
                ofType: { kind: 'OBJECT'; name: 'ManagementKey'; ofType: null }
              }
            }
          }
        }
      }
    }
    TransactionKeyConnection: {
      kind: 'OBJECT'
      name: 'TransactionKeyConnection'
      fields: {
        edges: {
          name: 'edges'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: {
              kind: 'LIST'
              name: never
              ofType: {
                kind: 'NON_NULL'
                name: never
                ofType: { kind: 'OBJECT'; name: 'TransactionKeyEdge'; ofType: null }
              }
            }
          }
        }
        pageInfo: {
          name: 'pageInfo'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'OBJECT'; name: 'PageInfo'; ofType: null } }
        }
        totalCount: {
          name: 'totalCount'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
      }
    }
    TransactionKeyEdge: {
      kind: 'OBJECT'
      name: 'TransactionKeyEdge'
      fields: {
        cursor: {
          name: 'cursor'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
        node: {
          name: 'node'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'TransactionKey'; ofType: null }
          }
        }
      }
    }
    TransactionKeySort: {
      name: 'TransactionKeySort'
      enumValues: 'EXPIRING_FIRST' | 'LAST_USED' | 'MOST_USED' | 'NAME' | 'NEWEST' | 'OLDEST'
    }
    TransactionKeyState: {
      name: 'TransactionKeyState'
      enumValues: 'ACTIVE' | 'EXPIRED' | 'PENDING' | 'REVOKED'
    }
    UpdateTransactionKeyInput: {
      kind: 'INPUT_OBJECT'
      name: 'UpdateTransactionKeyInput'
      isOneOf: false
      inputFields: [
        { name: 'certificate'; type: { kind: 'SCALAR'; name: 'JWS'; ofType: null }; defaultValue: null },
        { name: 'expiresAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null }; defaultValue: null },
        {
          name: 'expiryNotices'
          type: {
            kind: 'LIST'
            name: never
            ofType: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
          }
          defaultValue: null
        },
        {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
          defaultValue: null
        },
        { name: 'label'; type: { kind: 'SCALAR'; name: 'String'; ofType: null }; defaultValue: null },
        { name: 'maxUses'; type: { kind: 'SCALAR'; name: 'Int'; ofType: null }; defaultValue: null },
        {
          name: 'overusePolicy'
          type: { kind: 'ENUM'; name: 'OverusePolicy'; ofType: null }
          defaultValue: null
        },
        { name: 'possession'; type: { kind: 'SCALAR'; name: 'JWS'; ofType: null }; defaultValue: null },
      ]
    }
    VerifyPublicKeyInput: {
      kind: 'INPUT_OBJECT'
      name: 'VerifyPublicKeyInput'
      isOneOf: false
      inputFields: [
        {
          name: 'applicationServer'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
          defaultValue: null
        },
        {
          name: 'owner'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
          defaultValue: null
        },
        {
          name: 'publicKey'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'JWK'; ofType: null } }
          defaultValue: null
        },
      ]
    }
    Webhook: {
      kind: 'OBJECT'
      name: 'Webhook'
      fields: {
        createdAt: {
          name: 'createdAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
        deadLetterCount: {
          name: 'deadLetterCount'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'Int'; ofType: null } }
        }
        deadLetters: {
          name: 'deadLetters'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: {
              kind: 'LIST'
              name: never
              ofType: {
                kind: 'NON_NULL'
                name: never
                ofType: { kind: 'OBJECT'; name: 'WebhookDeadLetter'; ofType: null }
              }
            }
          }
        }
        disabledAt: { name: 'disabledAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        failingSince: { name: 'failingSince'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        failure: { name: 'failure'; type: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        id: {
          name: 'id'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
        }
        kinds: {
          name: 'kinds'
          type: {
            kind: 'LIST'
            name: never
            ofType: {
              kind: 'NON_NULL'
              name: never
              ofType: { kind: 'ENUM'; name: 'AlertKind'; ofType: null }
            }
          }
        }
        lastDeliveredAt: { name: 'lastDeliveredAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        nextAttemptAt: { name: 'nextAttemptAt'; type: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        url: {
          name: 'url'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
      }
    }
    WebhookDeadLetter: {
      kind: 'OBJECT'
      name: 'WebhookDeadLetter'
      fields: {
        alert: {
          name: 'alert'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'INTERFACE'; name: 'Alert'; ofType: null } }
        }
        failedAt: {
          name: 'failedAt'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'DateTime'; ofType: null } }
        }
        failure: {
          name: 'failure'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'String'; ofType: null } }
        }
      }
    }
    WrappedKey: {
      kind: 'OBJECT'
      name: 'WrappedKey'
      fields: {
        jwe: {
          name: 'jwe'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'JWE'; ofType: null } }
        }
        managementKey: {
          name: 'managementKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'ManagementKey'; ofType: null }
          }
        }
        transactionKey: {
          name: 'transactionKey'
          type: {
            kind: 'NON_NULL'
            name: never
            ofType: { kind: 'OBJECT'; name: 'TransactionKey'; ofType: null }
          }
        }
      }
    }
    WrappedKeyInput: {
      kind: 'INPUT_OBJECT'
      name: 'WrappedKeyInput'
      isOneOf: false
      inputFields: [
        {
          name: 'jwe'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'JWE'; ofType: null } }
          defaultValue: null
        },
        {
          name: 'managementKeyId'
          type: { kind: 'NON_NULL'; name: never; ofType: { kind: 'SCALAR'; name: 'ID'; ofType: null } }
          defaultValue: null
        },
      ]
    }
  }
}

/** The API's own scalars as JSON has them. */
export interface Scalars {
  /** RFC 3339, in UTC, with milliseconds. */
  DateTime: string
  /** RFC 7516, compact. */
  JWE: string
  JWK: PublicJwk
  /** RFC 7515, compact. */
  JWS: string
}
