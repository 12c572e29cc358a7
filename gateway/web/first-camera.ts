/** What the empty wall shows as an example: a camera as `POST /api/v1/cameras` takes it. */
export const firstCamera = {
  owningAgency: 'อบต.คลองยาง',
  position: 'สี่แยกหน้าโรงเรียนบ้านคลองยาง',
  purposes: ['prevention', 'traffic'],
  linkedAgencies: [],
  linkNetwork: null,
  brand: null,
  recordedResolution: '1920x1080',
  highestResolution: '1920x1080',
  retentionDays: 30,
  frameRate: 25,
  fileFormat: 'H.264',
  lao: { name: 'อบต.คลองยาง', district: 'เกาะลันตา', province: 'กระบี่' },
  budgetSource: 'อบต.คลองยาง',
  scope: 'public-area',
  declared: 'working',
  latitude: null,
  longitude: null,
  stream: { url: 'rtsp://192.168.1.20:554/stream1', username: 'viewer', password: 'secret' },
  site: null,
};

/** For a shell; `origin` is that of the page. */
export function firstCameraCommand(origin: string): string {
  return `curl -X POST ${origin}/api/v1/cameras -H 'content-type: application/json' -d '${JSON.stringify(firstCamera, null, 2)}'`;
}
