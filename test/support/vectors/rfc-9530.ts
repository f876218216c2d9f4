/** Published `Content-Digest` values for SHA-256: the content, and the field's value. */
export const contentDigestVectors = [
  {
    source: 'RFC 9530 appendix B.1',
    content: '{"hello": "world"}\n',
    digest: 'sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:',
  },
  {
    source: 'RFC 9530 appendix B.2, no content',
    content: '',
    digest: 'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:',
  },
  {
    source: 'RFC 9421 §2.1, without the line feed',
    content: '{"hello": "world"}',
    digest: 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
  },
] as const
