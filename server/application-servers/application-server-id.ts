import { uuidOf } from '../lib/uuid.ts'

/** The id of the application server with this name, made from the name as an account's is, and never equal to one. */
export function applicationServerIdOf(name: string): string {
  return uuidOf(`claviger application server\n${name}`)
}
