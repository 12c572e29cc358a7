import { officialAreas } from '#registry/areas/official-areas.ts';
import { newCamera, type NewCamera } from '#registry/camera.ts';
import { seededRandom } from '../simulator/seeded-random.ts';

export const LAOS = 7_850;
const SEED = 6;

/** Made up, with the spread of the country: 928 districts, one or two agencies that paid, one in twelve broken. */
export function countryInventory(from: number, count: number): NewCamera[] {
  const random = seededRandom(SEED + from);
  const { districts } = officialAreas();
  const places = [
    'หน้าตลาดสด',
    'สะพานข้ามคลอง',
    'สี่แยกไฟแดง',
    'หน้าโรงเรียน',
    'ทางเข้าหมู่บ้าน',
    'สวนสาธารณะ',
  ];
  const payers = ['กรมส่งเสริมการปกครองท้องถิ่น', 'กระทรวงมหาดไทย'];
  return Array.from({ length: count }, (_, index) => {
    const number = from + index;
    const laoNumber = number % LAOS;
    const district = districts[laoNumber % districts.length];
    const name = `อบต.ตำบลที่ ${laoNumber}`;
    const position = `${places[Math.floor(random() * places.length)]} ใกล้ตลาด จุดที่ ${number}`;
    return newCamera.parse({
      owningAgency: name,
      position,
      purposes: random() < 0.3 ? ['prevention', 'traffic'] : ['prevention'],
      linkedAgencies: ['สถานีตำรวจภูธร'],
      linkNetwork: 'ใยแก้วนำแสง',
      brand: `ยี่ห้อ ${Math.floor(random() * 20)}`,
      recordedResolution: '1920x1080',
      highestResolution: '2560x1440',
      retentionDays: 30,
      frameRate: 25,
      fileFormat: 'H.264',
      lao: { name, district: district?.name, province: district?.province },
      budgetSource: random() < 0.5 ? name : payers[Math.floor(random() * payers.length)],
      scope: 'public-area',
      declared: random() < 0.92 ? 'working' : random() < 0.6 ? 'under-repair' : 'unrepairable',
      latitude: 13.7,
      longitude: 100.5,
      stream: {
        url: `rtsp://10.${number % 250}.${Math.floor(number / 250) % 250}.${Math.floor(number / 62_500)}/stream1`,
        username: 'viewer',
        password: 'secret',
      },
      site: `ไซต์ ${laoNumber}`,
    });
  });
}
