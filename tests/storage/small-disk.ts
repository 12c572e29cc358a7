import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

/**
 * A disk of a few megabytes, full or read-only as a test wants it, for one process: a tmpfs in a mount namespace of its
 * own (unshare(1)), so that it holds for root too and nobody else sees it.
 */

/** Root has a namespace for the asking; others first become root of a user namespace of theirs. */
const UNSHARE = process.getuid?.() === 0 ? ['-m'] : ['-r', '-m'];
const MOUNT = 'mount -t tmpfs -o "size=$1" tmpfs "$2" && shift 2 && exec "$@"';

/** Why there is no such disk here, or undefined when there is. */
export function smallDiskMissing(): string | undefined {
  const [command, ...args] = withSmallDisk('/mnt', 1_000_000);
  const tried = spawnSync(command, [...args, 'true']);
  return tried.status === 0
    ? undefined
    : 'no mount namespaces here (unshare -m), so no full and no read-only disk';
}

/** Goes before a command line: what follows runs with `folder` on such a disk, and is the process that is started. */
export function withSmallDisk(folder: string, bytes: number): readonly [string, ...string[]] {
  return ['unshare', ...UNSHARE, 'sh', '-c', MOUNT, 'sh', String(bytes), folder];
}

/** Where others see that disk of a process. */
export function asSeenBy(pid: number, folder: string): string {
  return `/proc/${pid}/root${folder}`;
}

/** Runs a script of this folder with `folder` on such a disk; returns what it printed, as JSON. */
export async function onSmallDisk(
  script: string,
  { folder, bytes, args }: { folder: string; bytes: number; args: readonly string[] },
): Promise<unknown> {
  const path = new URL(script, import.meta.url).pathname;
  const [command, ...before] = withSmallDisk(folder, bytes);
  const { stdout } = await promisify(execFile)(command, [
    ...before,
    process.execPath,
    path,
    ...args,
  ]);
  return JSON.parse(stdout) as unknown;
}
