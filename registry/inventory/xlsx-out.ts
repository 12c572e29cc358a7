import { Worker } from 'node:worker_threads';
import type { Camera } from '../camera.ts';
import type { FromExportThread, ToExportThread } from './export-thread.ts';
import type { TemplateFor } from './template-for.ts';

/** The inventory as .xlsx, in pieces as they are made; a reader that is slow holds the next page back. */
export function xlsxOfInventory(
  pages: AsyncIterable<readonly Camera[]>,
): AsyncGenerator<Uint8Array> {
  return written(orders(pages));
}

/** The workbook to fill in. */
export function xlsxTemplate(template: TemplateFor): AsyncGenerator<Uint8Array> {
  return written(once({ type: 'template', template }));
}

async function* orders(pages: AsyncIterable<readonly Camera[]>): AsyncGenerator<ToExportThread> {
  for await (const cameras of pages) yield { type: 'cameras', cameras };
}

async function* once(order: ToExportThread): AsyncGenerator<ToExportThread> {
  yield order;
}

async function* written(given: AsyncIterable<ToExportThread>): AsyncGenerator<Uint8Array> {
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
    for await (const order of given) {
      const { bytes } = await ask(order);
      if (bytes.length > 0) yield bytes;
    }
    const { bytes } = await ask({ type: 'over' });
    yield bytes;
  } finally {
    await worker.terminate();
  }
}
