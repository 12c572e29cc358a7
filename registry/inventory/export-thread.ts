/** Writes one workbook in a thread of its own: a page of cameras in, what has become of the file out. */
import { Writable } from 'node:stream';
import { parentPort } from 'node:worker_threads';
import type { Camera } from '../camera.ts';
import type { TemplateFor } from './template-for.ts';
import { openWorkbookOut } from './workbook-out.ts';

export type ToExportThread =
  | { type: 'template'; template: TemplateFor }
  | { type: 'cameras'; cameras: readonly Camera[] }
  | { type: 'over' };
/** After each page, and last with `over`. */
export type FromExportThread = { bytes: Uint8Array; over: boolean };

if (parentPort === null) throw new Error('export-thread.ts runs as a worker thread');
const port = parentPort;

let pieces: Buffer[] = [];
const out = new Writable({
  write(piece: Buffer, _encoding, done) {
    pieces.push(piece);
    done();
  },
});
const workbook = openWorkbookOut(out);

port.on('message', (message: ToExportThread) => {
  if (message.type !== 'over') {
    if (message.type === 'cameras') workbook.add(message.cameras);
    else workbook.offer(message.template);
    // The library compresses as it goes; what it made until now leaves with the next turn.
    setImmediate(() => tell(false));
    return;
  }
  workbook.end().then(
    () => tell(true),
    (error: unknown) =>
      queueMicrotask(() => {
        throw error;
      }),
  );
});

function tell(over: boolean): void {
  const bytes = new Uint8Array(Buffer.concat(pieces));
  pieces = [];
  port.postMessage({ bytes, over } satisfies FromExportThread, [bytes.buffer]);
}
