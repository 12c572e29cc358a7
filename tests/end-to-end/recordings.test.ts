/** A real browser looks back: one camera and four in step, over a gap; it holds a range, and takes it away. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pino } from 'pino';
import type { Download, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseConfig } from '#gateway/config.ts';
import { startGateway, type Gateway } from '#gateway/gateway.ts';
import { clockTime, dayInWords, dayOf, dayStartMs, shiftedDay } from '#gateway/web/thai-day.ts';
import { selectionWords } from '#gateway/web/recordings/selection-words.ts';
import { dayToType } from '#gateway/web/typed-day.ts';
import { country } from '#registry/area.ts';
import { openBrowser, recordPage, type Browser, type PageRecord } from './browser.ts';
import { decodePictures } from './ffmpeg.ts';
import { missingParts } from './machine.ts';
import { seedHistory } from './recorded-history.ts';

const START_MS = 90_000;
const TEST_MS = 120_000;
const SHOWN_MS = 30_000;
const SECOND = 1_000;
/** Where pictures of the screen go, if somebody wants to look at them. */
const SCREENSHOTS = process.env['SCREENSHOTS'];

/** A browser that is busy tells of every second picture while it plays, and of the one at which it stops. */
const BUSY = `{
  const own = HTMLVideoElement.prototype.requestVideoFrameCallback;
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (told) {
    return own.call(this, (...of) => {
      if (this.paused) return told(...of);
      let isTold = false;
      const tell = (those) => {
        if (!isTold) told(...those);
        isTold = true;
      };
      this.addEventListener('pause', () => tell(of), { once: true });
      own.call(this, (...next) => tell(next));
    });
  };
}`;

const missing = missingParts('chromium', 'screens');
const noFfmpeg = missingParts('ffmpeg').length > 0;

const yesterday = shiftedDay(dayOf(Date.now()), -1);
const LANTA = { name: 'ทต.เกาะลันตาใหญ่', district: 'เกาะลันตา', province: 'กระบี่' };
/** Ten in the morning, in Thailand. */
const TEN = dayStartMs(yesterday) + 10 * 3_600_000;

describe.skipIf(missing.length > 0)('the screen of recordings', () => {
  let folder: string;
  let gateway: Gateway;
  let browser: Browser;
  let page: Page;
  let record: PageRecord;
  let ids: string[];
  const sessions = new Map<string, string>();

  async function signIn(role: string): Promise<void> {
    const value = sessions.get(role) ?? '';
    await browser.context.addCookies([{ name: 'session', value, url: gateway.url }]);
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'recordings-'));
    const whole = [{ startMs: TEN, seconds: 150 }];
    ids = await seedHistory(folder, [
      {
        position: 'หน้าตลาดสด',
        runs: [
          { startMs: TEN, seconds: 60 },
          { startMs: TEN + 120 * SECOND, seconds: 60 },
        ],
        gaps: [
          {
            startMs: TEN + 60 * SECOND,
            endMs: TEN + 120 * SECOND,
            cause: 'network',
            detail: 'unreachable',
          },
        ],
      },
      { position: 'สี่แยกโรงเรียน', runs: whole },
      { position: 'ท่าเรือศาลาด่าน', runs: whole },
      { position: 'หน้าโรงพยาบาล', runs: whole, retentionDays: 20, keptDays: 60 },
      {
        position: 'หน้าวัดคลองยาง',
        lao: { ...LANTA, name: 'อบต.คลองยาง' },
        runs: [{ startMs: TEN, seconds: 20 }],
      },
    ]);
    const config = parseConfig({ PORT: '0', DATA_DIR: folder, WORKERS: '1' });
    gateway = await startGateway(config, pino({ level: 'silent' }));
    const { name: lao, ...district } = LANTA;
    const investigator = {
      role: 'investigator',
      area: { level: 'lao', lao, ...district },
    } as const;
    const province = { level: 'province', province: district.province } as const;
    for (const [name, role, grants] of [
      ['สืบสวน', 'investigator', [{ role: 'investigator', area: country }]],
      ['กรม', 'dla', [{ role: 'dla', area: country }]],
      ['อนุมัติ', 'approver', [{ role: 'approver', area: country }]],
      // Sees what there is in the province, and looks back in one LAO of it.
      ['สองบทบาท', 'both', [investigator, { role: 'province', area: province }]],
    ] as const) {
      const { account } = await gateway.people.accounts.create({
        name,
        email: `${role}@example.go.th`,
        grants: [...grants],
      });
      const { token } = await gateway.people.sessions.begin(account.id, {
        secondFactor: true,
        address: null,
        userAgent: null,
      });
      sessions.set(role, token);
    }
    browser = await openBrowser({ width: 1366, height: 768 });
    await signIn('investigator');
    page = await browser.context.newPage();
    await page.addInitScript(BUSY);
    record = recordPage(page);
  }, START_MS);

  afterAll(async () => {
    await browser.close();
    await gateway.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function shot(name: string): Promise<void> {
    if (SCREENSHOTS !== undefined) {
      await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: false });
    }
  }

  const addressOf = (cameraIds: readonly string[], atMs: number): string =>
    `${gateway.url}/#/recordings?cameras=${cameraIds.join(',')}&day=${yesterday}&at=${new Date(atMs).toISOString()}`;

  /** From the start of the screen, as a link would. */
  async function open(cameraIds: readonly string[], atMs: number): Promise<void> {
    await page.goto('about:blank');
    await page.goto(addressOf(cameraIds, atMs));
    await page.locator('.footage-bar').waitFor();
  }

  const views = (): Promise<string[]> =>
    page.evaluate(
      `[...document.querySelectorAll('.footage-picture')].map((figure) => figure.dataset.view)`,
    );
  const clock = async (): Promise<string> =>
    ((await page.locator('.footage-clock').textContent()) ?? '').slice(0, 10);
  /** Of the day, s. */
  const clockSeconds = async (): Promise<number> => {
    const [hours = 0, minutes = 0, seconds = 0] = (await clock()).split(':').map(Number);
    return hours * 3_600 + minutes * 60 + seconds;
  };
  const untilShown = (): Promise<void> =>
    vi.waitFor(
      async () => {
        const seen = await views();
        expect(seen.length).toBeGreaterThan(0);
        expect(seen.every((view) => view === 'picture')).toBe(true);
      },
      { timeout: SHOWN_MS, interval: 50 },
    );
  /** What each video shows now, as a hash of its pixels, and where it is. */
  const pictures = async (): Promise<{ at: number; pixels: string; paused: boolean }[]> => {
    const seen = await page.evaluate<
      { at: number; pixels: string; paused: boolean }[]
    >(`[...document.querySelectorAll('.footage-picture video')].map((video) => {
      const canvas = document.createElement('canvas');
      canvas.width = 64; canvas.height = 48;
      const context = canvas.getContext('2d');
      context.drawImage(video, 0, 0, 64, 48);
      return { at: video.currentTime, paused: video.paused, pixels: String(context.getImageData(0, 0, 64, 48).data) };
    })`);
    return seen.map((one) => ({
      ...one,
      pixels: createHash('sha256').update(one.pixels).digest('hex').slice(0, 12),
    }));
  };

  test('nothing is chosen yet: it says what to do, and a camera is found by typing', async () => {
    await page.goto(`${gateway.url}/#/recordings`);
    await page.getByRole('heading', { name: 'เลือกกล้องที่จะดู' }).waitFor();
    await shot('recordings-empty');
    await page.getByRole('combobox', { name: 'กล้อง (เลือกได้ 4 ตัว)' }).fill('ท่าเรือ');
    await page.getByRole('option', { name: /ท่าเรือศาลาด่าน/ }).click();
    // Nothing was recorded today.
    await page.getByText('วันนี้ไม่มีภาพที่บันทึกไว้').waitFor();
    await page.getByRole('button', { name: 'วันก่อนหน้า (PageUp)' }).click();
    await untilShown();
    expect(await page.getByText(dayInWords(yesterday, 'th')).count()).toBe(1);
    expect(await clock()).toBe(clockTime(TEN, true));

    // A time is gone to as it is typed; a day with its time, from another day.
    const goTo = page.getByRole('textbox', { name: 'ไปที่เวลา (G)' });
    const typedIs = async (text: string, ms: number): Promise<void> => {
      await page.keyboard.press('g');
      await page.keyboard.type(text);
      await page.keyboard.press('Enter');
      await vi.waitFor(async () => expect(await clock()).toBe(clockTime(ms, true)));
    };
    await typedIs('๑๐.๐๐.๐๕', TEN + 5 * SECOND);
    await page.keyboard.press('PageDown');
    await page.getByText('วันนี้ไม่มีภาพที่บันทึกไว้').waitFor();
    await typedIs(`${dayToType(yesterday)} 10.01`, TEN + 60 * SECOND);
    await untilShown();
    await goTo.fill('10.61');
    await goTo.press('Enter');
    await page.getByText('พิมพ์เวลา เช่น 16.30').waitFor();
    await goTo.press('Escape');
  });

  test(
    'a camera plays, steps by pictures, and goes over a gap that it names',
    { timeout: TEST_MS },
    async () => {
      await open(ids.slice(0, 1), TEN + 58 * SECOND);
      await untilShown();
      expect(await page.locator('[data-gap="network"]').count()).toBe(1);
      expect(await page.locator('[data-span]').count()).toBe(2);
      await shot('recordings-one');
      // One picture on and back: other pixels, and the same again.
      const [first] = await pictures();
      await page.keyboard.press('.');
      await vi.waitFor(async () => expect((await pictures())[0]?.pixels).not.toBe(first?.pixels));
      await page.keyboard.press(',');
      await vi.waitFor(async () => expect((await pictures())[0]?.pixels).toBe(first?.pixels));

      // Over the gap to the first picture behind it, and back to the last one before it. Behind the last one of all
      // nothing is stepped to. A picture has one time, from whichever side it was come to.
      const goesTo = async (key: string, ms: number): Promise<void> => {
        await page.keyboard.press(key);
        await vi.waitFor(async () => expect(await clock()).toBe(clockTime(ms, true)));
        expect(await views()).toEqual(['picture']);
      };
      await page.goto(addressOf(ids.slice(0, 1), TEN + 59_950));
      await vi.waitFor(async () => expect(await clock()).toBe(clockTime(TEN + 59_950, true)));
      await untilShown();
      await goesTo('.', TEN + 120 * SECOND);
      await goesTo(',', TEN + 59_900);
      await goesTo('.', TEN + 120 * SECOND);
      await page.goto(addressOf(ids.slice(0, 1), TEN + 179_950));
      await vi.waitFor(async () => expect(await clock()).toBe(clockTime(TEN + 179_950, true)));
      await untilShown();
      await page.keyboard.press('.');
      await goesTo(',', TEN + 179_800);
      await page.goto(addressOf(ids.slice(0, 1), TEN + 58 * SECOND));
      await vi.waitFor(async () => expect(await clock()).toBe(clockTime(TEN + 58 * SECOND, true)));
      await untilShown();

      await page.keyboard.press('k');
      // From 58 s to the gap's beginning at 60 s, and on behind it at 120 s.
      await vi.waitFor(async () => expect(await clockSeconds()).toBeGreaterThan(10 * 3_600 + 121), {
        timeout: 20_000,
        interval: 100,
      });
      expect(await views()).toEqual(['picture']);
      await page.keyboard.press('k');
      // Each picture after that is the next one, although every second one was told of.
      let before = await clockSeconds();
      for (const isFirst of [true, false, false, false]) {
        await page.keyboard.press('.');
        await vi.waitFor(async () => expect(await clockSeconds()).toBeGreaterThan(before));
        const now = await clockSeconds();
        // It stood within a picture.
        if (!isFirst) expect(now - before).toBeCloseTo(0.1, 3);
        before = now;
      }

      // Into the gap itself: no picture of another time is shown for it.
      await open(ids.slice(0, 1), TEN + 90 * SECOND);
      await page.locator('.footage-picture[data-view="gap"]').waitFor();
      const words = await page.locator('.footage-over').textContent();
      expect(words).toContain('เครือข่ายขัดข้อง');
      await shot('recordings-gap');
      await page.keyboard.press('s');
      await page
        .getByRole('status')
        .getByText('ไม่มีภาพช่วงนี้ · 10:01:00–10:02:00 · เครือข่ายขัดข้อง')
        .waitFor();
      await page.keyboard.press('n');
      await untilShown();
      expect(await clock()).toBe(clockTime(TEN + 120 * SECOND, true));
    },
  );

  test('four cameras go in step by wall time', { timeout: TEST_MS }, async () => {
    // The same clip, recorded at the same time by three of them: at one moment all show the same.
    const four = ids.slice(0, 4);
    // Far before the gap of the first: a machine that stalls comes to it while it is asked how far apart they are.
    await open(four, TEN + SECOND);
    await untilShown();
    const still = await pictures();
    expect(still).toHaveLength(4);
    expect(new Set(still.map(({ pixels }) => pixels)).size).toBe(1);
    await page.keyboard.press(']');
    await page.keyboard.press('k');
    const begun = await clockSeconds();
    await vi.waitFor(async () => expect(await clockSeconds()).toBeGreaterThan(begun + 6), {
      timeout: 20_000,
      interval: 100,
    });
    for (let i = 0; i < 5; i++) {
      // Twice as fast: a picture is 50 ms. Drawn together, no two are far apart for long.
      await vi.waitFor(async () => {
        const playing = (await pictures()).map(({ at }) => at);
        expect(Math.max(...playing) - Math.min(...playing)).toBeLessThan(0.8);
      });
      await page.waitForTimeout(100);
    }
    await shot('recordings-four');
    await page.keyboard.press('k');
    await untilShown();
    await vi.waitFor(async () => {
      const stopped = await pictures();
      expect(stopped.every(({ paused }) => paused)).toBe(true);
      expect(new Set(stopped.map(({ pixels }) => pixels)).size).toBe(1);
    });
    // Where one has a gap, the others go on.
    await open(four, TEN + 58 * SECOND);
    await untilShown();
    await page.keyboard.press('k');
    await vi.waitFor(
      async () => expect(await views()).toEqual(['gap', 'picture', 'picture', 'picture']),
      { timeout: 20_000, interval: 100 },
    );
    await page.keyboard.press('k');
    await vi.waitFor(async () =>
      expect((await pictures()).every(({ paused }) => paused)).toBe(true),
    );
    if (noFfmpeg) return;
    // A still of each that has a picture; of the other, why there is none. And of one alone.
    const saved: string[] = [];
    const take = (download: Download): void => void saved.push(download.suggestedFilename());
    page.on('download', take);
    await page.keyboard.press('s');
    await page.getByText('บันทึกภาพนิ่งแล้ว 3 ภาพ').waitFor();
    await page.getByText('หน้าตลาดสด: ไม่มีภาพช่วงนี้').waitFor();
    await vi.waitFor(() => expect(saved).toHaveLength(3));
    await page.getByRole('button', { name: 'บันทึกภาพนิ่ง: ท่าเรือศาลาด่าน' }).click();
    await vi.waitFor(() => expect(saved).toHaveLength(4));
    page.off('download', take);
    expect(saved.map((name) => name.split(' ')[0])).toEqual([
      'สี่แยกโรงเรียน',
      'ท่าเรือศาลาด่าน',
      'หน้าโรงพยาบาล',
      'ท่าเรือศาลาด่าน',
    ]);
    await shot('recordings-stills');
  });

  test(
    'a selected range is held, seen as held, and downloaded as a file that decodes',
    { timeout: TEST_MS },
    async () => {
      await open(ids.slice(1, 2), TEN + 20 * SECOND);
      await untilShown();
      await page.keyboard.press('i');
      await page.keyboard.press('Shift+ArrowRight');
      await page.keyboard.press('ArrowLeft');
      await page.keyboard.press('o');
      const selected = `${clockTime(TEN + 20 * SECOND)}–${clockTime(TEN + 75 * SECOND)} (55 วินาที)`;
      const selection = page.getByLabel('ช่วงที่เลือก');
      expect(await selection.textContent()).toBe(selected);
      // Loaded anew, and after another day was looked at: the same moment, and the same selection.
      await page.waitForURL(/&to=/);
      await page.reload();
      await untilShown();
      expect(await clock()).toBe(clockTime(TEN + 75 * SECOND, true));
      expect(await selection.textContent()).toBe(selected);
      await page.keyboard.press('PageUp');
      await page.getByText('วันนี้ไม่มีภาพที่บันทึกไว้').waitFor();
      // It is of the day after: it stays, and says so. Another, across midnight, is typed.
      expect(await selection.textContent()).toBe(
        selectionWords({ fromMs: TEN + 20 * SECOND, toMs: TEN + 75 * SECOND }, 'th'),
      );
      await page.getByRole('button', { name: 'พิมพ์ช่วงเวลา' }).click();
      const range = page.getByRole('dialog');
      await range.getByLabel(/^ตั้งแต่/).fill('23.50');
      await range.getByLabel(/^ถึง/).fill('23.40');
      await range.getByText('ต้องอยู่หลังเวลาเริ่ม').waitFor();
      await range.getByLabel(/^ถึง/).fill(`${dayToType(yesterday)} 0.15`);
      await shot('recordings-range');
      await page.keyboard.press('Enter');
      await range.waitFor({ state: 'detached' });
      const midnight = dayStartMs(yesterday);
      const across = { fromMs: midnight - 600 * SECOND, toMs: midnight + 900 * SECOND };
      expect(await selection.textContent()).toBe(selectionWords(across, 'th'));
      await page.waitForURL(/&to=\S+T17:15/);
      await page.goBack();
      await untilShown();
      expect(await clock()).toBe(clockTime(TEN + 75 * SECOND, true));
      expect(await selection.textContent()).toBe(selected);
      await page.keyboard.press('h');
      const dialog = page.getByRole('dialog');
      const reason = dialog.getByLabel('เหตุผล เช่น เลขคดี');
      // Enter is no second line of it, and sends nothing that lacks something.
      await reason.press('Enter');
      await reason.fill('คดี 1/2569');
      await shot('recordings-hold');
      await reason.press('Enter');
      await dialog.getByText(/ระงับแล้ว \d ไฟล์/).waitFor();
      await dialog.getByRole('button', { name: 'ปิด' }).last().click();
      await page.locator('[data-hold]').waitFor();
      await page
        .locator('.footage-lists li')
        .getByText('ระงับการลบ: คดี 1/2569 · โดย สืบสวน')
        .waitFor();

      await page.keyboard.press('c');
      await dialog.getByRole('button', { name: 'เตรียมไฟล์' }).click();
      const link = dialog.getByRole('link', { name: 'ดาวน์โหลด' });
      await link.waitFor();
      await shot('recordings-clip');
      const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
      const path = join(folder, 'downloaded.mp4');
      await download.saveAs(path);
      const [year = 0, ...monthAndDay] = yesterday.split('-');
      const called = `สี่แยกโรงเรียน ทต.เกาะลันตาใหญ่ ${[Number(year) + 543, ...monthAndDay].join('-')}`;
      expect(download.suggestedFilename()).toBe(`${called} 10.00.20-10.01.15.mp4`);
      expect((await readFile(path)).subarray(4, 8).toString('latin1')).toBe('ftyp');
      if (!noFfmpeg) {
        await page.keyboard.press('Escape');
        const [still] = await Promise.all([
          page.waitForEvent('download'),
          page.keyboard.press('s'),
        ]);
        expect(still.suggestedFilename()).toBe(`${called} 10.01.15.jpg`);
        const { complaints, pts } = await decodePictures(['-copyts', '-i', path]);
        expect(complaints).toBe('');
        // Ten pictures a second for 55 s, and what the last half-second part adds.
        const shown = pts.filter((time) => time >= 0).length;
        expect(shown).toBeGreaterThanOrEqual(549);
        expect(shown).toBeLessThanOrEqual(556);
      }
    },
  );

  test('the keys are listed, and the screen fits a telephone', { timeout: TEST_MS }, async () => {
    await open(ids.slice(0, 2), TEN + 20 * SECOND);
    await untilShown();
    await page.keyboard.press('?');
    await page.getByRole('dialog').getByText('ระงับการลบช่วงที่เลือก').waitFor();
    await shot('recordings-keys');
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width: 390, height: 844 });
    await untilShown();
    const overflow = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    expect(overflow).toBeLessThanOrEqual(0);
    await shot('recordings-phone');
    await page.setViewportSize({ width: 1366, height: 768 });
    await page.goto(`${gateway.url}/#/keeping`);
    await page.getByRole('heading', { name: 'ภาพที่ระงับการลบ' }).waitFor();
    await page.getByText('คดี 1/2569').waitFor();
    // Whoever may not release sees no button for it.
    expect(await page.getByRole('button', { name: 'ปล่อย', exact: true }).count()).toBe(0);
    await shot('keeping');
    expect(record.errors).toEqual([]);
  });

  test(
    'fewer days are asked for by one person, and approved by another',
    { timeout: TEST_MS },
    async () => {
      const keeping = async (role: string): Promise<void> => {
        await signIn(role);
        await page.goto('about:blank');
        await page.goto(`${gateway.url}/#/keeping`);
        // Its role wants a second factor, which this account has not set up yet.
        if (role === 'approver') await page.getByRole('button', { name: 'ไว้ภายหลัง' }).click();
        await page.getByRole('heading', { name: 'คำขอลดวันเก็บภาพ' }).waitFor();
      };
      const dialog = page.getByRole('dialog');
      // Of years before: more than a page of them.
      const catalogue = new DatabaseSync(join(folder, 'catalogue.sqlite'), { timeout: 5_000 });
      for (let i = 0; i < 51; i++) {
        const id = `01800000-0000-7000-8000-0000000000${String(i).padStart(2, '0')}`;
        catalogue
          .prepare(
            `INSERT INTO shortenings (id, state, days, reason, requested_by, requested_by_name, requested_ms, decided_by, decided_ms)
             VALUES (?, 'rejected', 10, ?, 'x', 'ผู้ขอ', 1, 'y', 2)`,
          )
          .run(id, `ปีก่อน ${i}`);
        catalogue.prepare('INSERT INTO shortening_cameras VALUES (?, ?, 30)').run(id, ids[3] ?? '');
      }
      catalogue.close();
      await keeping('dla');
      await page.getByText('ปีก่อน 50').waitFor();
      await page.getByRole('button', { name: 'หน้าถัดไป' }).click();
      await page.getByText('ปีก่อน 0', { exact: true }).waitFor();
      expect(await page.getByText('ปีก่อน 50').count()).toBe(0);
      await page.getByRole('button', { name: 'ขอลดวันเก็บภาพ' }).click();
      await dialog.getByRole('combobox', { name: 'กล้อง' }).fill('โรงพยาบาล');
      await page.getByRole('option', { name: /หน้าโรงพยาบาล/ }).click();
      await page.keyboard.press('Escape');
      await dialog.getByLabel('เก็บเหลือ (วัน)').fill('10');
      await dialog.getByRole('button', { name: 'ดูว่าอะไรจะถูกลบ' }).click();
      // Field ๙ says 20.
      await dialog.getByText('น้อยกว่าวันเก็บในทะเบียน').waitFor();
      await dialog.getByLabel('เก็บเหลือ (วัน)').fill('20');
      await dialog.getByRole('button', { name: 'ดูว่าอะไรจะถูกลบ' }).click();
      await dialog.getByText('ไม่มีภาพที่จะถูกลบ').waitFor();
      await dialog.getByLabel('เหตุผล').fill('พื้นที่ไม่พอ');
      await shot('keeping-ask');
      await dialog.getByRole('button', { name: 'ส่งคำขอ' }).click();
      // It is the newest: the first page is shown again.
      await page.getByText('รออนุมัติ').waitFor();
      // Whoever asked does not decide.
      const look = page.getByRole('button', { name: 'ดู', exact: true }).first();
      await look.click();
      await dialog.getByText('พื้นที่ไม่พอ').waitFor();
      expect(await dialog.getByRole('button', { name: 'อนุมัติ', exact: true }).count()).toBe(0);

      await keeping('approver');
      await look.click();
      await dialog.getByLabel('เหตุผลของการพิจารณา').fill('ตรวจแล้ว');
      await shot('keeping-decide');
      await dialog.getByRole('button', { name: 'อนุมัติ', exact: true }).click();
      await page.getByText(/อนุมัติแล้ว เริ่มลบ/).waitFor();
      await shot('keeping-approved');
    },
  );

  test('a camera that is not there is told in words', async () => {
    await signIn('investigator');
    await open(['01900000-0000-7000-8000-000000000000', ids[1] ?? ''], TEN + 20 * SECOND);
    await page.getByText('ไม่พบกล้องนี้ในทะเบียน').waitFor();
    // The other one is seen all the same.
    await page
      .locator(`.footage-picture[data-camera-id="${ids[1]}"][data-view="picture"]`)
      .waitFor();
    await shot('recordings-error');
  });

  test('what is offered goes by the right in each camera’s LAO', async () => {
    await signIn('both');
    const [other = '', own = ''] = [ids[4], ids[1]];
    await open([other, own], TEN + 10 * SECOND);
    const pictureOf = (id: string) => page.locator(`.footage-picture[data-camera-id="${id}"]`);
    await pictureOf(other).getByText('เปิดดูภาพไม่ได้').waitFor();
    await page.locator(`[data-camera-id="${own}"][data-view="picture"]`).waitFor();
    await page.keyboard.press('o');
    await page.keyboard.press('h');
    const dialog = page.getByRole('dialog');
    expect(await dialog.getByRole('listitem').allTextContents()).toEqual(['สี่แยกโรงเรียน']);
    await dialog.getByText('ไม่รวม หน้าวัดคลองยาง').waitFor();
    await shot('recordings-two-rights');
    await page.keyboard.press('Escape');
    await page.keyboard.press('c');
    await dialog.getByRole('combobox').click();
    expect(await page.getByRole('option').allTextContents()).toEqual(['สี่แยกโรงเรียน']);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
  });

  test('while the gateway is away that is said, and nothing of what is recorded; then it is read by itself', async () => {
    await page.route('**/api/v1/cameras/**', (route) => route.abort());
    await open(ids.slice(1, 2), TEN + 20 * SECOND);
    const picture = page.locator('.footage-picture');
    await picture.getByText('ติดต่อระบบไม่ได้ กำลังลองใหม่').waitFor();
    await page.getByRole('alert').getByText('ตรวจว่าเครื่องแม่ข่ายเปิดอยู่').waitFor();
    expect(await page.getByText(/ไม่มีภาพ/).count()).toBe(0);
    await shot('recordings-lost');
    await page.unroute('**/api/v1/cameras/**');
    await untilShown();
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  test(
    'a file that was cut, one that is damaged and one that is gone are passed over, and told of',
    { timeout: TEST_MS },
    async () => {
      await signIn('investigator');
      const catalogue = new DatabaseSync(join(folder, 'catalogue.sqlite'), { readOnly: true });
      const files = catalogue
        .prepare(
          'SELECT object_key AS key, start_ms AS ms FROM recordings WHERE camera_id = ? ORDER BY 2',
        )
        .all(ids[2] ?? '')
        .map(({ key, ms }) => ({ path: join(folder, 'objects', String(key)), ms: Number(ms) }));
      catalogue.close();
      const [first, second, third] = files;
      if (first === undefined || second === undefined || third === undefined) {
        throw new Error('150 s are three files at least');
      }
      await rm(first.path);
      await truncate(second.path, Math.round((await stat(second.path)).size * 0.2));
      // Some seconds into it boxes are no boxes any more.
      const bytes = await readFile(third.path);
      bytes.fill(0xff, Math.round(bytes.length * 0.3), Math.round(bytes.length * 0.4));
      await writeFile(third.path, bytes);

      await open(ids.slice(2, 3), first.ms + 100);
      await page.locator('.footage-picture[data-view="gap"]').waitFor();
      const over = page.locator('.footage-over');
      expect(await over.textContent()).toContain('ที่เก็บภาพขัดข้อง · ไฟล์หายจากที่เก็บภาพ');
      const said = page.locator('.footage-lost');
      await said.getByText(clockTime(first.ms)).waitFor();
      // On to what there is of the second, to the third, and over what is damaged in that.
      for (let faster = 0; faster < 3; faster++) await page.keyboard.press(']');
      await page.keyboard.press('k');
      const last = TEN + 150 * SECOND;
      await vi.waitFor(
        async () => {
          expect((await clock()) > clockTime(last - 10 * SECOND, true)).toBe(true);
          expect(await views()).toEqual(['picture']);
        },
        { timeout: 60_000, interval: 50 },
      );
      await shot('recordings-lost-files');
      expect(await page.locator('[data-gap="storage"]').count()).toBeGreaterThanOrEqual(3);
      expect(await said.getByRole('listitem').count()).toBe(3);
    },
  );
});
