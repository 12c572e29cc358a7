import { applyChange, ChangeRefused, type WholeCamera } from '../camera-changes.ts';
import type { CameraChange } from '../camera.ts';
import type { ComparedCamera } from '../compared-cameras.ts';
import { StreamAddressNotValid } from '../stream-address.ts';
import type { ColumnKey } from './columns.ts';

/** Of an address as it is shown and exported, where it would become another camera's or another address. */
export const secretLeftOut =
  '*** คือรหัสผ่านที่ระบบไม่แสดงและไม่ส่งออก กรุณาพิมพ์รหัสผ่านนั้นแทน *** ในที่อยู่สัญญาณภาพ';

/**
 * Why a row's change would be refused when it is written: asked of the same rules, so that a file whose dry run is clean is written.
 * Undefined: it would not.
 */
export function changeProblem(
  existing: ComparedCamera,
  change: CameraChange,
): { key: ColumnKey; reason: string } | undefined {
  if (!rulesConcern(change)) return undefined;
  try {
    applyChange(standIn(existing), change);
  } catch (error) {
    if (error instanceof ChangeRefused) return worded(error.code, change);
    if (!(error instanceof StreamAddressNotValid)) throw error;
    return { key: 'url', reason: secretLeftOut };
  }
  return undefined;
}

/** All other fields are right wherever their cells are. */
function rulesConcern({ stream, scope, latitude, longitude }: CameraChange): boolean {
  return [stream, scope, latitude, longitude].some((given) => given !== undefined);
}

const NEVER = new Date(0).toISOString();

/**
 * With what the rules ask of it: of the password only that there is one, of its certificate nothing, nor of its still picture, which goes
 * with another device as the sub-stream does.
 */
function standIn({ stream, ...camera }: ComparedCamera): WholeCamera {
  const kept = { createdAt: NEVER, updatedAt: NEVER, declaredAt: NEVER, scopeAttested: null };
  if (stream === null)
    return { camera: { ...camera, ...kept, stream }, secrets: { password: null } };
  const { hasPassword, ...told } = stream;
  const tls = { verify: 'system', fingerprint: null } as const;
  return {
    camera: { ...camera, ...kept, stream: { ...told, snapshotUrl: null, tls } },
    secrets: { password: hasPassword ? 'set' : null },
  };
}

function worded(
  code: ChangeRefused['code'],
  change: CameraChange,
): { key: ColumnKey; reason: string } {
  switch (code) {
    case 'credentials_needed_again':
      return {
        key: 'password',
        reason: 'ที่อยู่สัญญาณภาพเปลี่ยนไปเป็นของอุปกรณ์อื่น ระบบไม่ส่งรหัสผ่านเดิมไปให้ กรุณาใส่รหัสผ่านของกล้องในแถวนี้',
      };
    case 'coordinates_not_whole':
      return {
        key: change.latitude !== undefined ? 'latitude' : 'longitude',
        reason: 'ต้องใส่ละติจูดคู่กับลองจิจูด หรือเว้นว่างทั้งสองช่อง',
      };
    case 'closed_area_never_linked':
    case 'stream_not_valid':
      return { key: 'url', reason: 'ค่าในช่องนี้ใช้ไม่ได้' };
  }
}
