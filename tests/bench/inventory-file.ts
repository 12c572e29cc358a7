/**
 * Makes the inventory that bench:import reads, in a process of its own, so that it takes none of the memory that is
 * measured: `node inventory-file.ts <file> <rows> <declared>`. As the template, all columns, with the spread of the country.
 */
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { newCamera, type Camera } from '#registry/camera.ts';
import { openWorkbookOut } from '#registry/inventory/workbook-out.ts';
import { countryInventory } from './country-inventory.ts';

const [path = '', rows = '', brand = ''] = process.argv.slice(2);
const PAGE = 1_000;

const file = createWriteStream(path);
const workbook = openWorkbookOut(file);
for (let from = 0; from < Number(rows); from += PAGE) {
  const made = countryInventory(from, Math.min(PAGE, Number(rows) - from)).map((given) => {
    const camera = newCamera.parse(brand === '' ? given : { ...given, brand });
    // A row without an id, as somebody fills it in.
    return { ...camera, id: '' } as unknown as Camera;
  });
  workbook.add(made);
  // The library compresses with the next turn.
  await new Promise((done) => setImmediate(done));
}
await workbook.end();
await finished(file);
