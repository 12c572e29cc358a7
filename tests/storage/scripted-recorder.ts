/**
 * A recorder thread that writes nothing: notes each batch that it is handed, a line of its words' types, in the file
 * `batches` of its spool folder, and says later that it took it, or never while there is a file `stuck`. A pipe `disk` there
 * it writes, which takes as long as nobody reads.
 */
import { appendFileSync, existsSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { took, type RecorderSettings, type ToRecorder } from '#storage/recorder-protocol.ts';

const TAKES_MS = 20;
/** More than a pipe holds. */
const LARGE = Buffer.alloc(1024 * 1024);

if (parentPort === null) throw new Error('scripted-recorder.ts runs as a worker thread');
const port = parentPort;
const { spoolFolder } = workerData as RecorderSettings;
const notes = join(spoolFolder, 'batches');
let inHand = 0;

port.on('message', (batch: ToRecorder) => {
  const types = batch.map(({ type }) => type);
  appendFileSync(notes, `${types.join(' ')}${inHand > 0 ? ' TOO EARLY' : ''}\n`);
  inHand++;
  const disk = join(spoolFolder, 'disk');
  if (existsSync(disk)) writeSync(openSync(disk, 'w'), LARGE);
  if (existsSync(join(spoolFolder, 'stuck'))) return;
  setTimeout(() => {
    inHand--;
    port.postMessage(took);
    if (types.includes('stop')) port.close();
  }, TAKES_MS);
});
