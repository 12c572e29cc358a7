/** A camera of the form's example, as another system would post it; in a closed area without linked agencies. */
export function krabiCamera(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const isClosed = changes['scope'] === 'closed-area';
  return {
    owningAgency: 'ทต.เกาะลันตาใหญ่',
    position: 'หน้าตลาดสด ถนนเทศบาล ๑',
    purposes: ['prevention', 'traffic'],
    linkedAgencies: isClosed ? [] : ['สภ.เกาะลันตา'],
    linkNetwork: isClosed ? null : 'ใยแก้วนำแสงของเทศบาล',
    brand: 'ยี่ห้อ ก',
    recordedResolution: '1920x1080',
    highestResolution: '2560x1440',
    retentionDays: 30,
    frameRate: 25,
    fileFormat: 'H.264',
    lao: { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' },
    budgetSource: 'กรมส่งเสริมการปกครองท้องถิ่น',
    scope: 'public-area',
    declared: 'working',
    latitude: 7.6453,
    longitude: 99.0388,
    stream: {
      url: 'rtsp://10.1.2.3:554/stream1',
      username: 'viewer',
      password: 'pa55-ลับ',
      transport: 'tcp',
      tls: { verify: 'system', fingerprint: null },
      sound: false,
      record: true,
    },
    site: 'ตู้เทศบาล',
    ...changes,
  };
}
