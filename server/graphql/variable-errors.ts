import { coerceInputValue, isInputType, isNonNullType, typeFromAST, type ExecutionArgs } from 'graphql'
import { badInput, type KeyServerError } from '../../schema/wire/errors.ts'
import { findOperation } from './operation-fields.ts'

/**
 * Says which variable was not of its type. graphql-js says so too, but quotes the value, which may be a secret that was
 * sent by mistake.
 *
 * @returns null when the variables are all right
 */
export function findVariableError(args: ExecutionArgs): KeyServerError | null {
  const operation = findOperation(args.document, args.operationName)
  for (const { variable, type: typeNode, defaultValue } of operation?.variableDefinitions ?? []) {
    const name = variable.name.value
    const type = typeFromAST(args.schema, typeNode)
    if (!isInputType(type)) continue
    const value = args.variableValues?.[name]
    if (value === undefined || value === null) {
      const isMissing = isNonNullType(type) && (value === null || defaultValue === undefined)
      if (isMissing) return badInput(name, `The variable $${name} is required.`)
      continue
    }
    const paths: string[] = []
    coerceInputValue(value, type, (path, _value, { message }) => {
      // The schema's own name of a required field; the path is that of the object which lacks it.
      const missing = /^Field "(\w+)" of required type/.exec(message)?.slice(1) ?? []
      paths.push([name, ...path, ...missing].join('.'))
    })
    if (paths[0] !== undefined) return badInput(paths[0], 'This is not of the type that the schema asks for.')
  }
  return null
}
