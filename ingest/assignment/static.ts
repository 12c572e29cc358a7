/**
 * Spreads cameras over the worker threads of one process. Cameras of a site go to one worker, which so keeps the
 * site's budgets without asking anyone; others, and new sites, to the worker with the fewest.
 */
export class StaticAssignment {
  readonly #loads: number[];
  readonly #sites = new Map<string, { worker: number; cameras: number }>();

  constructor(workers: number) {
    this.#loads = Array.from({ length: workers }, () => 0);
  }

  /** The worker, from 0, that runs a camera of this site (null: of no site). */
  place(site: string | null): number {
    const known = site === null ? undefined : this.#sites.get(site);
    const worker = known?.worker ?? this.#loads.indexOf(Math.min(...this.#loads));
    this.#loads[worker] = (this.#loads[worker] ?? 0) + 1;
    if (known !== undefined) known.cameras++;
    else if (site !== null) this.#sites.set(site, { worker, cameras: 1 });
    return worker;
  }

  remove(site: string | null, worker: number): void {
    this.#loads[worker] = (this.#loads[worker] ?? 1) - 1;
    const known = site === null ? undefined : this.#sites.get(site);
    if (known !== undefined && --known.cameras === 0) this.#sites.delete(site as string);
  }
}
