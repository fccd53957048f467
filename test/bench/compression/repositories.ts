import { createHash } from "node:crypto";

interface Recorded {
  readonly source?: string;
}

/** The repository of a message, which is its `source` up to the colon; empty where it has none. */
export function repositoryOf({ source = "" }: Recorded): string {
  return source.split(":", 1)[0];
}

export interface HoldOut<Body> {
  /** Repositories that are held out, in alphabetical order. */
  readonly repositories: readonly string[];
  readonly heldOut: readonly Body[];
  readonly rest: readonly Body[];
}

/**
 * Holds whole repositories out, so that what is learnt from the rest has seen nothing of them.
 * @param seed another seed, another order of the repositories
 * @param share of the messages at most that is held out, 0 to 1: a repository that would pass it is passed over
 */
export function holdOutRepositories<Body extends Recorded>(
  bodies: readonly Body[],
  seed: number,
  share = 0.25,
): HoldOut<Body> {
  const counts = new Map<string, number>();
  for (const body of bodies) {
    const repository = repositoryOf(body);
    counts.set(repository, (counts.get(repository) ?? 0) + 1);
  }
  const order = (repository: string): string =>
    createHash("sha256").update(`${seed}:${repository}`).digest("hex");
  const repositories = [...counts.keys()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
  const chosen = new Set<string>();
  let room = Math.floor(bodies.length * share);
  for (const repository of repositories) {
    const count = counts.get(repository)!;
    if (count > room) continue;
    chosen.add(repository);
    room -= count;
  }
  const isHeldOut = (body: Body): boolean => chosen.has(repositoryOf(body));
  return {
    repositories: [...chosen].sort(),
    heldOut: bodies.filter(isHeldOut),
    rest: bodies.filter((body) => !isHeldOut(body)),
  };
}
