import type { Camera } from '../camera.ts';
import { columns, type ColumnKey } from './columns.ts';
import { guarded } from './formula-guard.ts';

/** A camera as a row of the workbook, by column. Text is guarded; the password is never there. */
export function cellsOf(camera: Camera): (string | number | null)[] {
  return columns.map(({ key, write }) => {
    const value = valueOf(camera, key);
    if (value === null || value === undefined) return null;
    const cell = write(value);
    return typeof cell === 'string' ? guarded(cell) : cell;
  });
}

function valueOf(camera: Camera, key: ColumnKey): unknown {
  switch (key) {
    case 'prevention':
    case 'investigation':
    case 'traffic':
      return camera.purposes.includes(key);
    case 'laoName':
      return camera.lao.name;
    case 'laoDistrict':
      return camera.lao.district;
    case 'laoProvince':
      return camera.lao.province;
    case 'url':
    case 'username':
    case 'transport':
    case 'sound':
    case 'record':
      return camera.stream?.[key];
    case 'password':
      return null;
    default:
      return camera[key];
  }
}
