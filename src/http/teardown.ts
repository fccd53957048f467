type Step = (graceMs: number) => Promise<unknown> | void;
/** Adds a step to a group. */
export type OnClose = (step: Step) => void;

/**
 * What has been opened and is to be closed, however much of it was opened: groups one after the other, the last first, the steps of a group
 * together.
 */
export class Teardown {
  readonly #groups: Step[][] = [];
  #done: Promise<void> | undefined;

  /** Begins a group, whose steps are taken before those of the groups that there are. */
  group(): OnClose {
    const steps: Step[] = [];
    this.#groups.unshift(steps);
    return (step) => void steps.push(step);
  }

  /** Takes every step, whichever of them fails, once. Rejects with the first error. @param graceMs is told to each step */
  run(graceMs: number): Promise<void> {
    return (this.#done ??= this.#run(graceMs));
  }

  async #run(graceMs: number): Promise<void> {
    const failures: unknown[] = [];
    for (const steps of this.#groups) {
      const taken = await Promise.allSettled(steps.map(async (step) => step(graceMs)));
      for (const step of taken) if (step.status === "rejected") failures.push(step.reason);
    }
    if (failures.length > 0) throw failures[0];
  }
}
