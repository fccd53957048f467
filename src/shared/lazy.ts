/** A constant that is made when it is first asked for, because making it costs time that most runs need not spend. */
export function lazily<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
