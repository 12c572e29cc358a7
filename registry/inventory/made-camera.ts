import { newCamera, type NewCamera } from '../camera.ts';
import { REDACTED } from '../redact-stream-address.ts';
import { secretLeftOut } from './change-problem.ts';
import { columns, type ColumnKey } from './columns.ts';
import type { Row } from './compared-row.ts';
import { noRemarks, type CellRemark, type GivenCamera } from './row-reading.ts';
import type { RowRemarks } from './row-remarks.ts';

/**
 * Why no camera can be made of a row that is new, though each of its cells can be read. Most rows are plain, and a file has 100,000: of the
 * others the camera is made here, once (`asNew`).
 */
export function newProblems(row: Row, remarks: RowRemarks): readonly CellRemark[] {
  if (row.stored !== undefined || row.asNew !== undefined || isPlain(row)) return noRemarks;
  const parsed = newCamera.safeParse(newCameraOf(row.given));
  if (parsed.success) row.asNew = withTextsOf(row.given, parsed.data);
  const leavesOut = row.given.stream?.url.includes(REDACTED) === true;
  return (parsed.error?.issues ?? []).map(({ path }) => {
    const key = keyOfPath(path.join('.'));
    const reason = key === 'url' && leavesOut ? secretLeftOut : 'ค่าในช่องนี้ใช้ไม่ได้';
    return remarks.of(row, key, reason);
  });
}

/** The camera of a row that is new and has no problems. */
export function cameraOf(row: Row): NewCamera {
  return row.asNew ?? plainCamera(row.given);
}

/** The rules of a camera have nothing to refuse or to change, beyond those that its cells were read by (cell-values.ts). */
function isPlain({ reading, given }: Row): boolean {
  const { scope, latitude = null, longitude = null, stream } = given;
  return (
    // Names of the lists are read by no cell.
    given === reading.given &&
    scope !== 'closed-area' &&
    (latitude === null) === (longitude === null) &&
    (!stream || plainAddress.test(stream.url))
  );
}

/** Which is its own, without credentials and without what stands for a secret. */
const plainAddress = /^rtsp:\/\/[a-z\d.-]+(?::\d{1,5})?(?:\/[\w./?&=%+,;:~-]*)?$/u;

/** As `newCamera` makes it; its test compares the two. */
function plainCamera(given: GivenCamera): NewCamera {
  const { stream } = given;
  return {
    owningAgency: given.owningAgency,
    position: given.position,
    purposes: given.purposes,
    linkedAgencies: given.linkedAgencies ?? [],
    linkNetwork: given.linkNetwork ?? null,
    brand: given.brand ?? null,
    model: given.model ?? null,
    recordedResolution: given.recordedResolution ?? null,
    highestResolution: given.highestResolution ?? null,
    retentionDays: given.retentionDays ?? null,
    frameRate: given.frameRate ?? null,
    fileFormat: given.fileFormat ?? null,
    lao: given.lao,
    budgetSource: given.budgetSource,
    scope: given.scope,
    declared: given.declared,
    declaredReason: given.declaredReason ?? null,
    latitude: given.latitude ?? null,
    longitude: given.longitude ?? null,
    stream: stream
      ? {
          url: stream.url,
          subUrl: null,
          snapshotUrl: null,
          username: stream.username ?? null,
          password: stream.password ?? null,
          transport: stream.transport ?? 'auto',
          tls: { verify: 'system', fingerprint: null },
          sound: stream.sound ?? false,
          record: stream.record ?? true,
        }
      : null,
    site: given.site ?? null,
  };
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

/** Kept until it is written. Texts and lists are those of the row. */
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
