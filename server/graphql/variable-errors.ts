import { coerceInputValue, isInputType, isNonNullType, typeFromAST, type ExecutionArgs } from 'graphql'
import { badInput, type KeyServerError } from '../../schema/wire/errors.ts'
import { findOperation } from './operation-fields.ts'

/**
 * Finds the variable that is not of its type. The message of graphql-js quotes the value, which may be a secret that was sent
 * by mistake.
 *
 * @returns null when every variable is of its type
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
      // The path is that of the object that lacks a required field; the field's name comes from the schema.
      const missing = /^Field "(\w+)" of required type/.exec(message)?.slice(1) ?? []
      paths.push([name, ...path, ...missing].join('.'))
    })
    if (paths[0] !== undefined) return badInput(paths[0], 'This is not of the type in the schema.')
  }
  return null
}
