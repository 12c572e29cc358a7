import { Worker } from 'node:worker_threads';
import type { Camera } from '../camera.ts';
import type { FromExportThread, ToExportThread } from './export-thread.ts';

/** The inventory as .xlsx, in pieces as they are made; a reader that is slow holds the next page back. */
export async function* xlsxOfInventory(
  pages: AsyncIterable<readonly Camera[]>,
): AsyncGenerator<Uint8Array> {
  const worker = new Worker(new URL('export-thread.ts', import.meta.url));
  let settle:
    { resolve: (answer: FromExportThread) => void; reject: (error: Error) => void } | undefined;
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    settle?.reject(failure);
  };
  worker.on('message', (answer: FromExportThread) => settle?.resolve(answer));
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('the export thread ended')));
  const ask = (message: ToExportThread): Promise<FromExportThread> =>
    new Promise((resolve, reject) => {
      if (failure !== undefined) {
        reject(failure);
        return;
      }
      settle = { resolve, reject };
      worker.postMessage(message);
    });
  try {
    for await (const cameras of pages) {
      const { bytes } = await ask({ type: 'cameras', cameras });
      if (bytes.length > 0) yield bytes;
    }
    const { bytes } = await ask({ type: 'over' });
    yield bytes;
  } finally {
    await worker.terminate();
  }
}
