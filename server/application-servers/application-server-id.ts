import { toApplicationServerId, type ApplicationServerId } from '../../schema/wire/brands.ts'
import { uuidOf } from '../lib/uuid.ts'

/** The id of the application server with this name, made from the name as an account's is, and never equal to one. */
export function applicationServerIdOf(name: string): ApplicationServerId {
  return toApplicationServerId(uuidOf(`claviger application server\n${name}`))
}
