/** A process that cannot end cleanly ends all the same. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const MODULE = new URL('../../gateway/end-at-once.ts', import.meta.url).href;
// Something that would keep it alive.
const SCRIPT = `setInterval(() => {}, 1000); (await import('${MODULE}')).endAtOnce();`;
/** The first process of its own PID namespace, as in a container. */
const FIRST = ['--user', '--map-root-user', '--pid', '--fork', '--kill-child'];
const NODE = [process.execPath, '--input-type=module', '-e', SCRIPT];

/** Long after it has ended: one that has not is ended then, which is an error. */
const LIMIT = { timeout: 20_000, killSignal: 'SIGKILL' } as const;

test('it is killed, which waits for no thread', () => {
  const [node = '', ...args] = NODE;
  const { signal, error } = spawnSync(node, args, LIMIT);
  expect([signal, error]).toEqual(['SIGKILL', undefined]);
});

const canBeFirst = spawnSync('unshare', [...FIRST, 'true']).status === 0;

test.skipIf(!canBeFirst)(
  'as the first process of a container, which cannot kill itself, it exits (wants unshare and user namespaces)',
  () => {
    const { status, stderr } = spawnSync('unshare', [...FIRST, ...NODE], LIMIT);
    expect([status, stderr.toString()]).toEqual([1, '']);
  },
);
