import type { Camera } from '../camera.ts';
import { cellsOf } from './camera-cells.ts';
import { columns } from './columns.ts';

/** With the byte order mark, without which Excel reads UTF-8 as the machine's own encoding. */
const BOM = '\ufeff';

/** The inventory as CSV (RFC 4180), in pieces. */
export async function* csvOfInventory(
  pages: AsyncIterable<readonly Camera[]>,
): AsyncGenerator<string> {
  yield BOM + record(columns.map(({ heading }) => heading));
  for await (const cameras of pages) {
    yield cameras.map((camera) => record(cellsOf(camera))).join('');
  }
}

function record(cells: readonly (string | number | null)[]): string {
  return `${cells.map((cell) => quoted(cell)).join(',')}\r\n`;
}

function quoted(cell: string | number | null): string {
  const text = cell === null ? '' : String(cell);
  return /[",\r\n;\t]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
