/** So many do not wait for one another any longer. */
const MOST_TASKS = 16;

/**
 * What is done at the end of a turn of the event loop, when all that came in with the turn was looked at. Each write on a connection
 * wakes who waits at its other end, which in a virtual machine takes as long as making a small answer; of writes that follow one
 * another only the first does.
 */
export class TurnEnd {
  #tasks: (() => void)[] = [];
  readonly #run = (): void => this.flush();

  /** @param task throws nothing; it is done at once, behind those that wait already, if these are many */
  add(task: () => void): void {
    const count = this.#tasks.push(task);
    if (count === 1) setImmediate(this.#run);
    else if (count === MOST_TASKS) this.flush();
  }

  /** Does what waits now: nobody should wait for work that takes long. */
  flush(): void {
    if (this.#tasks.length === 0) return;
    const tasks = this.#tasks;
    this.#tasks = [];
    for (const task of tasks) task();
  }
}
