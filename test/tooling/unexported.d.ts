/** An example of what `npm run api:check` refuses: a public signature with a type that cannot be imported. */
interface Hidden {
  readonly name: string
}

export declare function show(): Hidden

export {}
