import { newCamera, type NewCamera } from '../camera.ts';
import { REDACTED } from '../redact-stream-address.ts';
import { secretLeftOut } from './change-problem.ts';
import { columns, type ColumnKey } from './columns.ts';
import type { Row } from './compared-row.ts';
import { noRemarks, type CellRemark, type GivenCamera } from './row-reading.ts';
import type { RowRemarks } from './row-remarks.ts';

/** Makes the camera of a row that is new (`asNew`), once. Why none can be made of it, though each of its cells can be read. */
export function makeCamera(row: Row, remarks: RowRemarks): readonly CellRemark[] {
  if (row.stored !== undefined || row.asNew !== undefined) return noRemarks;
  const parsed = newCamera.safeParse(newCameraOf(row.given));
  if (parsed.success) row.asNew = withTextsOf(row.given, parsed.data);
  const leavesOut = row.given.stream?.url.includes(REDACTED) === true;
  return (parsed.error?.issues ?? []).map(({ path }) => {
    const key = keyOfPath(path.join('.'));
    const reason = key === 'url' && leavesOut ? secretLeftOut : 'ค่าในช่องนี้ใช้ไม่ได้';
    return remarks.of(row, key, reason);
  });
}

function newCameraOf(given: GivenCamera): unknown {
  const { id: _id, purposesUnsaid: _unsaid, stream, ...fields } = given;
  const present = Object.entries({ ...fields, stream }).filter(([, value]) => value !== undefined);
  const camera: Record<string, unknown> = Object.fromEntries(present);
  if (stream) {
    camera['stream'] = Object.fromEntries(
      Object.entries(stream).filter(([, value]) => value !== undefined),
    );
  }
  return camera;
}

/** Kept until it is written: to make it again then takes as long as all else that is made of a row. Texts and lists are those of the row. */
function withTextsOf(given: GivenCamera, made: NewCamera): NewCamera {
  const { lao, stream } = given;
  const { name, district, province } = made.lao;
  if (name === lao.name && district === lao.district && province === lao.province) made.lao = lao;
  made.purposes = given.purposes;
  if (given.linkedAgencies !== undefined) made.linkedAgencies = given.linkedAgencies;
  if (stream && made.stream?.url === stream.url) made.stream.url = stream.url;
  return made;
}

const pathKeys: Readonly<Record<string, ColumnKey>> = {
  purposes: 'prevention',
  lao: 'laoName',
  stream: 'url',
};

function keyOfPath(path: string): ColumnKey {
  const [top = '', part] = path.split('.');
  const key = part ?? top;
  if (top === 'stream' && (part === 'username' || part === 'password')) return part;
  return pathKeys[top] ?? columns.find((column) => column.key === key)?.key ?? 'position';
}
