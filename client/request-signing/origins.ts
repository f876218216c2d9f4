/**
 * The origins that requests of an application server are signed for: those given, or the one that its name is.
 *
 * @throws {TypeError} when the name is no http or https URL and none is given, or one that is given is no origin.
 */
export function originsOf(
  applicationServer: string,
  given: readonly string[] = [applicationServer],
): readonly string[] {
  return given.map((text) => {
    const url = URL.parse(text)
    if (url === null || !['http:', 'https:'].includes(url.protocol)) {
      throw new TypeError('The application server is no URL: give the origins that its clients know it by.')
    }
    return url.origin
  })
}
