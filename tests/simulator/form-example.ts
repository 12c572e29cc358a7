/**
 * The example of the survey form as cameras: 7 rows, 70 cameras, of which 43 work, 18 are under repair and 9 are beyond it.
 *
 * Counts, LAOs and budget sources are the form's. The inventory (positions, brands, coordinates) is made up: places of
 * that kind exist there, these cameras do not.
 */

import type { newCamera } from '#registry/camera.ts';
import type * as z from 'zod';

/** One camera as `POST /api/v1/cameras` takes it. */
export type ExampleCamera = z.input<typeof newCamera>;

interface FormRow {
  lao: keyof typeof PLACES;
  district: string;
  budgetSource: string;
  working: number;
  underRepair: number;
  unrepairable: number;
}

const PROVINCE = 'กระบี่';

/** The province form's example, in its order. */
export const FORM_ROWS: readonly FormRow[] = [
  row('ทต.เกาะลันตาใหญ่', 'เกาะลันตา', 'กรมส่งเสริมการปกครองท้องถิ่น', 5, 1, 0),
  row('ทต.เกาะลันตาใหญ่', 'เกาะลันตา', 'ทต.เกาะลันตาใหญ่', 6, 3, 1),
  row('อบต.คลองยาง', 'เกาะลันตา', 'กระทรวงมหาดไทย', 7, 5, 5),
  row('อบต.คลองยาง', 'เกาะลันตา', 'อบต.คลองยาง', 2, 4, 1),
  row('อบจ.กระบี่', 'เมืองกระบี่', 'กรมส่งเสริมการปกครองท้องถิ่น', 4, 0, 1),
  row('อบจ.กระบี่', 'เมืองกระบี่', 'กระทรวงมหาดไทย', 9, 1, 0),
  row('อบจ.กระบี่', 'เมืองกระบี่', 'อบจ.กระบี่', 10, 4, 1),
];

/**
 * The 70 cameras, row by row. `streamUrl` gives the address of a working camera by its name in the simulator, which is
 * `camera-01` to `camera-70` in order.
 */
export function formExample(streamUrl: (name: string) => string): ExampleCamera[] {
  const taken = new Map<string, number>();
  const cameras: ExampleCamera[] = [];
  for (const formRow of FORM_ROWS) {
    const { working, underRepair, unrepairable } = formRow;
    for (let of = 0; of < working + underRepair + unrepairable; of++) {
      const declared =
        of < working ? 'working' : of < working + underRepair ? 'under-repair' : 'unrepairable';
      const placeIndex = taken.get(formRow.lao) ?? 0;
      taken.set(formRow.lao, placeIndex + 1);
      cameras.push(camera(formRow, declared, placeIndex, cameras.length + 1, streamUrl));
    }
  }
  return cameras;
}

/** `camera-01` for the first of the form. */
export function exampleCameraName(number: number): string {
  return `camera-${String(number).padStart(2, '0')}`;
}

function camera(
  { lao, district, budgetSource }: FormRow,
  declared: ExampleCamera['declared'],
  placeIndex: number,
  number: number,
  streamUrl: (name: string) => string,
): ExampleCamera {
  const places = PLACES[lao];
  const place = places[placeIndex];
  if (place === undefined) throw new RangeError(`no place left for a camera of ${lao}`);
  const [position, latitude, longitude, onRoad = false] = place;
  const make = MAKES[number % MAKES.length] ?? MAKES[0];
  return {
    owningAgency: lao,
    position,
    purposes: onRoad ? ['prevention', 'investigation', 'traffic'] : ['prevention', 'investigation'],
    linkedAgencies: [POLICE[lao], 'ศูนย์ดำรงธรรมจังหวัดกระบี่'].slice(0, number % 3 === 0 ? 2 : 1),
    linkNetwork: number % 4 === 0 ? 'MPLS ขององค์กรปกครองส่วนท้องถิ่น' : 'ใยแก้วนำแสง (FTTx)',
    ...make,
    retentionDays: number % 5 === 0 ? 15 : 30,
    lao: { name: lao, district, province: PROVINCE },
    budgetSource,
    scope: onRoad ? 'adjacent-road' : 'public-area',
    declared,
    latitude,
    longitude,
    stream:
      declared === 'working'
        ? { url: streamUrl(exampleCameraName(number)), transport: 'tcp' }
        : null,
    site: null,
  };
}

function row(
  lao: FormRow['lao'],
  district: string,
  budgetSource: string,
  working: number,
  underRepair: number,
  unrepairable: number,
): FormRow {
  return { lao, district, budgetSource, working, underRepair, unrepairable };
}

interface Make {
  brand: string;
  recordedResolution: string;
  highestResolution: string;
  frameRate: number;
  fileFormat: string;
}

const MAKES: readonly [Make, ...Make[]] = [
  make('ยี่ห้อตัวอย่าง ก', '1920x1080', '1920x1080', 25, 'H.264'),
  make('ยี่ห้อตัวอย่าง ข', '1280x720', '1920x1080', 15, 'H.264'),
  make('ยี่ห้อตัวอย่าง ค', '1920x1080', '2560x1440', 25, 'H.265'),
  make('ยี่ห้อตัวอย่าง ง', '1280x720', '1280x720', 10, 'MP4'),
];

function make(
  brand: string,
  recordedResolution: string,
  highestResolution: string,
  frameRate: number,
  fileFormat: string,
): Make {
  return { brand, recordedResolution, highestResolution, frameRate, fileFormat };
}

const POLICE = {
  'ทต.เกาะลันตาใหญ่': 'สภ.เกาะลันตา',
  'อบต.คลองยาง': 'สภ.เกาะลันตา',
  'อบจ.กระบี่': 'สภ.เมืองกระบี่',
} as const;

/** Position, latitude, longitude, and whether it watches a road rather than a place. */
type Place = readonly [position: string, latitude: number, longitude: number, onRoad?: boolean];

const PLACES = {
  'ทต.เกาะลันตาใหญ่': [
    ['หน้าสำนักงานเทศบาลตำบลเกาะลันตาใหญ่', 7.5349, 99.0931],
    ['ท่าเทียบเรือบ้านศรีรายา', 7.5362, 99.0952],
    ['ชุมชนเมืองเก่าลันตา ฝั่งเหนือ', 7.5378, 99.0946],
    ['ชุมชนเมืองเก่าลันตา ฝั่งใต้', 7.5341, 99.0949],
    ['หน้าโรงพยาบาลเกาะลันตา', 7.5402, 99.0938],
    ['สามแยกทางเข้าเมืองเก่า', 7.5391, 99.0902, true],
    ['หน้าโรงเรียนบ้านศรีรายา', 7.5333, 99.0928],
    ['ลานอเนกประสงค์ชุมชนศรีรายา', 7.5355, 99.0941],
    ['ถนนเลียบหาดฝั่งตะวันออก กม. 1', 7.5457, 99.0936, true],
    ['ถนนเลียบหาดฝั่งตะวันออก กม. 3', 7.5612, 99.0923, true],
    ['สะพานบ้านหัวแหลม', 7.5219, 99.0956, true],
    ['ศาลาประชาคมบ้านหัวแหลม', 7.5206, 99.0948],
    ['ตลาดนัดเทศบาล', 7.5369, 99.0935],
    ['สวนสุขภาพริมทะเล', 7.5384, 99.0951],
    ['ทางแยกบ้านเจ๊ะหลี', 7.5718, 99.0815, true],
    ['จุดชมวิวเขาเกาะลันตาใหญ่', 7.5475, 99.0733],
  ],
  'อบต.คลองยาง': [
    ['หน้าที่ทำการ อบต.คลองยาง', 7.7862, 99.1031],
    ['ตลาดนัดบ้านคลองยาง', 7.7851, 99.1047],
    ['สามแยกบ้านคลองยาง', 7.7879, 99.1059, true],
    ['หน้าโรงเรียนบ้านคลองยาง', 7.7838, 99.1022],
    ['โรงพยาบาลส่งเสริมสุขภาพตำบลคลองยาง', 7.7867, 99.1012],
    ['ทางเข้าท่าเทียบเรือบ้านหัวหิน', 7.7402, 99.0917, true],
    ['ท่าเทียบแพขนานยนต์บ้านหัวหิน', 7.7389, 99.0896],
    ['ลานจอดรถท่าเรือบ้านหัวหิน', 7.7395, 99.0903],
    ['สะพานคลองยาง', 7.7911, 99.1076, true],
    ['ศูนย์พัฒนาเด็กเล็กบ้านคลองยาง', 7.7844, 99.1039],
    ['มัสยิดบ้านคลองยาง', 7.7857, 99.1018],
    ['สี่แยกบ้านทุ่งหยีเพ็ง', 7.8013, 99.1142, true],
    ['ศาลาหมู่บ้าน หมู่ที่ 1', 7.7823, 99.1064],
    ['ศาลาหมู่บ้าน หมู่ที่ 2', 7.7941, 99.1103],
    ['ศาลาหมู่บ้าน หมู่ที่ 3', 7.7726, 99.0987],
    ['ศาลาหมู่บ้าน หมู่ที่ 4', 7.7653, 99.0962],
    ['ศาลาหมู่บ้าน หมู่ที่ 5', 7.7588, 99.0945],
    ['สนามกีฬากลางตำบลคลองยาง', 7.7871, 99.1005],
    ['ทางแยกทางหลวงหมายเลข 4206', 7.8094, 99.1187, true],
    ['ประปาหมู่บ้านคลองยาง', 7.7889, 99.1018],
    ['หน้าวัดคลองยาง', 7.7832, 99.1051],
    ['ป้อมตำรวจชุมชนบ้านหัวหิน', 7.7413, 99.0921],
    ['โค้งบ้านร่าปู', 7.7511, 99.0934, true],
    ['ลานตากปลาชุมชนร่าปู', 7.7502, 99.0926],
  ],
  'อบจ.กระบี่': [
    ['หน้าองค์การบริหารส่วนจังหวัดกระบี่', 8.0611, 98.9172],
    ['ลานปูดำ ริมแม่น้ำกระบี่', 8.0597, 98.9196],
    ['ท่าเรือเจ้าฟ้า', 8.0623, 98.9203],
    ['ถนนมหาราช สี่แยกมนุษย์โบราณ', 8.0634, 98.9166, true],
    ['ตลาดมหาราช', 8.0641, 98.9171],
    ['สวนสาธารณะธารา', 8.0572, 98.9202],
    ['ถนนคนเดินเมืองกระบี่', 8.0629, 98.9181],
    ['ท่าเทียบเรือคลองจิหลาด', 8.0318, 98.9174],
    ['สนามกีฬากลางจังหวัดกระบี่', 8.0743, 98.9119],
    ['โรงพยาบาลกระบี่ ด้านหน้า', 8.0707, 98.9152],
    ['สถานีขนส่งผู้โดยสารจังหวัดกระบี่', 8.0862, 98.9063],
    ['สี่แยกตลาดเก่า', 8.0921, 98.9058, true],
    ['ทางหลวงหมายเลข 4 กม. 109', 8.0985, 98.9011, true],
    ['หาดอ่าวนาง จุดที่ 1', 8.0323, 98.8224],
    ['หาดอ่าวนาง จุดที่ 2', 8.0341, 98.8198],
    ['หาดนพรัตน์ธารา', 8.0416, 98.8065],
    ['ท่าเทียบเรือหาดนพรัตน์ธารา', 8.0437, 98.8019],
    ['สามแยกเขาคราม', 8.1093, 98.7915, true],
    ['ทางเข้าสุสานหอย', 8.0211, 98.8769, true],
    ['ท่าเรืออ่าวน้ำเมา', 8.0249, 98.8563],
    ['วัดถ้ำเสือ ลานจอดรถ', 8.1251, 98.9243],
    ['สามแยกสนามบินกระบี่', 8.0967, 98.9837, true],
    ['หน้าสนามบินนานาชาติกระบี่', 8.0991, 98.9862],
    ['โรงเรียน อบจ.กระบี่', 8.0655, 98.9124],
    ['พิพิธภัณฑ์ชุมชนเมืองกระบี่', 8.0604, 98.9185],
    ['ศูนย์บริการนักท่องเที่ยว อบจ.กระบี่', 8.0618, 98.9192],
    ['สะพานข้ามคลองกระบี่ใหญ่', 8.0781, 98.9139, true],
    ['ทางเข้าเขาขนาบน้ำ', 8.0697, 98.9211],
    ['แยกทับปริก', 8.1006, 98.9174, true],
    ['สถานีสูบน้ำดิบ อบจ.กระบี่', 8.0829, 98.9107],
  ],
} as const satisfies Record<string, readonly Place[]>;
