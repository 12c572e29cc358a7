import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders of which a few lines may run for a minute, the longest first. */
const LONG = ['end-to-end', 'contracts', 'security', 'gateway', 'simulator'];

/**
 * The order of files. Where no run was before, Vitest goes by their size, largest first; a file of fifteen lines that starts
 * what runs for half a minute would come last, and one core wait for it.
 */
export default class LongFoldersFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- a method of Vitest's
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const at = LONG.findIndex((folder) => moduleId.includes(`/tests/${folder}/`));
  return at < 0 ? LONG.length : at;
}
