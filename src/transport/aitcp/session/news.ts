/** How many messages have come, by stream. */
export type News = Map<number, number>;

/** The news of `one`, if there are any, and of `other`. */
export function addedNews(one: News | undefined, other: News): News {
  const sum = new Map(one);
  for (const [stream, count] of other) sum.set(stream, (sum.get(stream) ?? 0) + count);
  return sum;
}
