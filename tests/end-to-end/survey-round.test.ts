/**
 * A whole round of the survey in a real browser, by four people of the demo: the Department opens it, an LAO signs, its district
 * sends that back, the LAO corrects it, and it goes up to the Department. What stands at the end is the form's example.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { runDemo, type Demo } from '../simulator/demo.ts';
import { openBrowser, recordPage, type Browser, type PageRecord } from './browser.ts';
import { missingParts } from './machine.ts';
import { signInAs } from './demo-sign-in.ts';

const START_MS = 90_000;
const TEST_MS = 120_000;
/** Where pictures of the screens go, if somebody wants to look at them. */
const SCREENSHOTS = process.env['SCREENSHOTS'];
const TITLE = 'การสำรวจข้อมูลการใช้งานกล้องโทรทัศน์วงจรปิด (CCTV) รอบทดสอบ';
const LANTA = 'ทต.เกาะลันตาใหญ่';
const KLONGYANG = 'อบต.คลองยาง';

const missing = missingParts('chromium', 'screens');

describe.skipIf(missing.length > 0)('a round of the survey', () => {
  let folder: string;
  let demo: Demo;
  let browser: Browser;
  let page: Page;
  let record: PageRecord;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'survey-round-'));
    demo = await runDemo({ port: 0, dataDir: folder, log: 'ignore' });
    browser = await openBrowser({ width: 1366, height: 768 });
    page = await browser.context.newPage();
    record = recordPage(page);
    page.setDefaultTimeout(30_000);
  }, START_MS);

  afterAll(async () => {
    await browser.close();
    await demo.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function shot(name: string): Promise<void> {
    if (SCREENSHOTS === undefined) return;
    await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`), fullPage: true });
  }

  /** Signs in by the demo's list, and opens the round. */
  async function enter(role: string): Promise<void> {
    await signInAs(role, { context: browser.context, page, url: demo.gatewayUrl });
    await page.locator('.frame-menu a', { hasText: 'รอบสำรวจ' }).click();
  }

  async function openRound(): Promise<void> {
    await page.getByRole('link', { name: TITLE }).click();
    await page.getByRole('region', { name: 'แบบสำรวจในพื้นที่ของท่าน' }).waitFor();
  }

  async function openReturn(name: string): Promise<void> {
    await page
      .getByRole('region', { name: /แบบสำรวจ(?:ในพื้นที่ของท่าน|ที่รวบรวม)/ })
      .getByRole('link', { name, exact: true })
      .first()
      .click();
    await page.getByRole('heading', { name: `แบบสำรวจของ ${name}` }).waitFor();
  }

  /** All, working, under repair, unrepairable, to classify. */
  const totals = (): Promise<string[]> => page.locator('tr[data-totals] td').allTextContents();

  async function sign(position: string): Promise<void> {
    await page.getByRole('button', { name: 'ลงนามและส่ง' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('ตำแหน่ง').fill(position);
    await shot(`sign-${position}`);
    await dialog.getByRole('button', { name: 'ลงนามและส่ง' }).click();
    await page.locator('.page-under', { hasText: 'ส่งแล้ว รอตรวจ' }).waitFor();
  }

  async function accept(): Promise<void> {
    await page.getByRole('button', { name: 'รับแบบสำรวจ' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'รับแบบสำรวจ' }).click();
    await page.locator('.page-under', { hasText: 'รับแล้ว' }).waitFor();
  }

  test(
    'counts stand side by side, down to the cameras behind a number',
    { timeout: TEST_MS },
    async () => {
      await enter('dla');
      await page.locator('.frame-menu a', { hasText: 'ผลสำรวจ' }).click();
      const figuresOf = (row: string): Promise<string[]> =>
        page.locator('tr', { hasText: row }).locator('td[data-kind="survey"]').allTextContents();
      await page.getByRole('button', { name: 'กระบี่', exact: true }).click();
      await page.getByRole('button', { name: 'เกาะลันตา', exact: true }).click();
      await page.getByRole('button', { name: LANTA, exact: true }).click();
      await page.locator('th', { hasText: 'กรมส่งเสริมการปกครองท้องถิ่น' }).waitFor();
      expect(await figuresOf('กรมส่งเสริมการปกครองท้องถิ่น')).toEqual(['6', '5', '1', '0', '0']);
      expect(await figuresOf('รวมทั้งสิ้น')).toEqual(['16', '11', '4', '1', '0']);
      await shot('counts');
      await page.locator('tfoot td[data-kind="survey"][data-column="underRepair"] button').click();
      const dialog = page.getByRole('dialog');
      await dialog.locator('tbody tr').nth(3).waitFor();
      expect(await dialog.locator('tbody tr').count()).toBe(4);
      await dialog.getByText('ผู้รับผิดชอบแจ้งว่าอยู่ระหว่างซ่อม').first().waitFor();
      await shot('counted-cameras');
      await page.keyboard.press('Escape');
      // Its changes can no more be heard: what is shown is old, and said to be, until they can.
      const counts = await page.evaluate<string>('location.hash');
      const errors = record.errors.length;
      await page.evaluate(`location.hash = '#/rounds'`);
      await page.getByText('ยังไม่มีรอบสำรวจ').waitFor();
      await page.route('**/api/v1/events', (route) => route.abort());
      await page.evaluate(`location.hash = ${JSON.stringify(counts)}`);
      const lost = page.getByRole('alert').filter({ hasText: 'ติดต่อระบบไม่ได้ กำลังลองใหม่' });
      await lost.getByText(/สถานะที่เห็นเป็นของเวลา/).waitFor();
      expect(await figuresOf('รวมทั้งสิ้น')).toEqual(['16', '11', '4', '1', '0']);
      await shot('counts-lost');
      await page.unroute('**/api/v1/events');
      await lost.getByRole('button', { name: 'ลองเดี๋ยวนี้' }).click();
      await lost.waitFor({ state: 'detached' });
      for (const told of record.errors.splice(errors)) expect(told).toMatch(/net::ERR_FAILED/);
    },
  );

  test('the Department opens it, cut off at once', { timeout: TEST_MS }, async () => {
    await enter('dla');
    await page.getByText('ยังไม่มีรอบสำรวจ').waitFor();
    await page.getByRole('button', { name: 'เปิดรอบสำรวจ' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('ชื่อรอบ').fill(TITLE);
    await dialog.getByLabel('ตัดยอดทันที').check();
    const nextYear = new Date().getFullYear() + 1;
    for (const [label, month] of [
      ['กำหนดส่งของ อปท.', '01'],
      ['กำหนดส่งของอำเภอ', '02'],
      ['กำหนดส่งของจังหวัด', '03'],
    ] as const) {
      await dialog.getByLabel(label).fill(`15/${month}/${nextYear + 543} 16.30`);
    }
    // What it was understood as stands beneath; a year that nobody could mean is refused there.
    await dialog
      .getByText(`15 ม.ค. ${nextYear + 543}`)
      .first()
      .waitFor();
    const due = dialog.getByLabel('กำหนดส่งของจังหวัด');
    await due.fill('15/3/2600 16.30');
    await due.blur();
    await dialog.getByText('ไกลเกิน 5 ปี ตรวจปี พ.ศ.').waitFor();
    await due.fill(`๑๕/๓/${nextYear + 543} 16.30`);
    // What still keeps it from being opened is said.
    expect(await dialog.getByRole('button', { name: 'เปิดรอบสำรวจ' }).isDisabled()).toBe(true);
    await dialog.getByText('ยังไม่ครบ: เลขที่หนังสือ').waitFor();
    await dialog.getByLabel('เลขที่หนังสือ').first().fill('ที่ มท 0816.3/ว ทดสอบ');
    await shot('round-form');
    await dialog.getByRole('button', { name: 'เปิดรอบสำรวจ' }).click();
    await page.getByText('กล้องในภาพรวม 70 ตัว').waitFor();
    await shot('round');
  });

  test('the LAO finds its return prefilled, and signs it', { timeout: TEST_MS }, async () => {
    await enter('owner');
    await openRound();
    await openReturn(LANTA);
    expect(await totals()).toEqual(['16', '11', '4', '1', '0', '']);
    await shot('return-draft');
    await sign('ปลัดเทศบาล');
    expect(await page.getByRole('button', { name: 'ลงนามและส่ง' }).count()).toBe(0);
  });

  test('the district sends it back, and says why', { timeout: TEST_MS }, async () => {
    await enter('district');
    await openRound();
    await openReturn(LANTA);
    await page.getByRole('button', { name: 'ส่งกลับให้แก้ไข' }).click();
    const dialog = page.getByRole('dialog');
    const confirm = dialog.getByRole('button', { name: 'ส่งกลับให้แก้ไข' });
    expect(await confirm.isDisabled()).toBe(true);
    await dialog.getByLabel('เหตุที่ส่งกลับ').fill('ขาดหมายเหตุของกล้องที่รอซ่อม');
    await confirm.click();
    await page.locator('.page-under', { hasText: 'ถูกส่งกลับให้แก้ไข' }).waitFor();
    await shot('sent-back');
  });

  test(
    'the LAO reads why, says what a camera is, adds a note, and sends it again',
    { timeout: TEST_MS },
    async () => {
      await enter('owner');
      await openRound();
      await openReturn(LANTA);
      await page.getByText('เหตุที่ส่งกลับ: ขาดหมายเหตุของกล้องที่รอซ่อม').first().waitFor();
      await page.getByText('ทำต่อได้ดังนี้').waitFor();
      await page
        .getByRole('region', { name: 'กล้องขาด เกิน หรือผิด' })
        .getByText('รายการกล้องตรงกับทะเบียนแล้ว')
        .waitFor();
      const cameras = page.getByRole('region', { name: 'กล้องในแบบสำรวจ' });
      await cameras.getByText('ทั้งหมด', { exact: true }).click();
      const row = cameras.locator('tbody tr', { hasText: 'อยู่ระหว่างซ่อม' }).first();
      await row.getByRole('checkbox').check();
      await cameras.getByRole('button', { name: 'จำแนก', exact: true }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('อยู่ระหว่างซ่อม').check();
      await dialog.getByRole('combobox', { name: 'เหตุผล' }).click();
      await page.getByRole('option', { name: 'รออะไหล่' }).click();
      await shot('classify');
      await dialog.getByRole('button', { name: 'จำแนก', exact: true }).click();
      await dialog.waitFor({ state: 'detached' });
      const note = page.getByLabel(`หมายเหตุ ${LANTA}`);
      await note.fill('รออะไหล่');
      await page.getByRole('button', { name: 'บันทึกหมายเหตุ' }).click();
      await page.getByRole('button', { name: 'บันทึกหมายเหตุ' }).waitFor({ state: 'detached' });
      // One that is not saved when it is signed goes with the signature.
      await note.fill('รออะไหล่ 1 ตัว');
      expect(await totals()).toEqual(['16', '11', '4', '1', '0', '']);
      await sign('ปลัดเทศบาล');
      await shot('return-corrected');
      // The version that was sent back stays as it was, without the note.
      await page.getByRole('link', { name: 'ฉบับที่ 1' }).click();
      await page.getByText('กำลังดูฉบับที่ 1').waitFor();
      // And wears its own state, not that of the one that was sent since.
      expect(await page.locator('.page-under').textContent()).toContain('ถูกส่งกลับให้แก้ไข');
      expect(await page.locator('.note-cell').allTextContents()).toEqual(['', '']);
    },
  );

  test(
    'the district takes both its LAOs, one of them filled in by itself, and signs',
    { timeout: TEST_MS },
    async () => {
      await enter('district');
      await openRound();
      await openReturn(LANTA);
      expect(await page.locator('.note-cell').allTextContents()).toContain('รออะไหล่ 1 ตัว');
      await accept();
      await page.getByRole('link', { name: 'กลับไปที่รอบสำรวจ' }).click();
      await openReturn(KLONGYANG);
      await sign('ปลัดอำเภอ แทน อบต.');
      await accept();
      await page.getByRole('link', { name: 'กลับไปที่รอบสำรวจ' }).click();
      await openReturn('เกาะลันตา');
      expect(await totals()).toEqual(['40', '20', '13', '7', '0', '']);
      await shot('return-district');
      await sign('นายอำเภอ');
    },
  );

  test('the province takes its districts, and signs', { timeout: TEST_MS }, async () => {
    // Nobody of the demo is in the other district: it goes on by the API.
    await signByApi('lao', 'อบจ.กระบี่');
    await signByApi('district', 'เมืองกระบี่');
    await enter('province');
    await openRound();
    await openReturn('เกาะลันตา');
    await accept();
    await page.getByRole('link', { name: 'กลับไปที่รอบสำรวจ' }).click();
    await openReturn('กระบี่');
    expect(await totals()).toEqual(['70', '43', '18', '9', '0', '']);
    await sign('ท้องถิ่นจังหวัด');
  });

  test(
    'the Department takes the province, and has the letter’s example on paper and in Excel',
    { timeout: TEST_MS },
    async () => {
      await enter('dla');
      await openRound();
      await openReturn('กระบี่');
      await accept();
      await shot('return-province');
      const downloading = page.waitForEvent('download');
      await page.getByRole('link', { name: 'ดาวน์โหลด Excel' }).click();
      expect((await downloading).suggestedFilename()).toMatch(
        /^การสำรวจข้อมูลการใช้งานกล้อง CCTV จังหวัด.*กระบี่.*\.xlsx$/,
      );
      await page.getByRole('link', { name: 'พิมพ์แบบสำรวจ' }).click();
      const sheet = page.locator('.sheet');
      await sheet.getByRole('heading').waitFor();
      const foot = await sheet.locator('tfoot td[data-number]').allTextContents();
      expect(foot).toEqual(['70', '43', '18', '9']);
      expect(await sheet.locator('tbody tr').count()).toBe(7);
      expect(await sheet.locator('thead th[colspan="2"]').textContent()).toBe('จำนวนกล้องที่ชำรุด');
      await sheet.getByText('ท้องถิ่นจังหวัด').first().waitFor();
      await shot('print');
      // One page of A4 on its side.
      const pdf = await page.pdf({ preferCSSPageSize: true });
      expect(pdf.toString('latin1')).toMatch(
        /\/MediaBox\s*\[\s*0 0 84[12][.\d]* 59[45][.\d]*\s*\]/,
      );
      expect(pdf.toString('latin1').match(/\/Type\s*\/Page\b(?!s)/g)).toHaveLength(1);
    },
  );

  test('the Department cancels a round before its cut-off, and why is told', async () => {
    const nextYear = new Date().getFullYear() + 1;
    const at = (month: string): string => `${nextYear}-${month}-15T16:30:00+07:00`;
    const due = (month: string) => ({ dueAt: at(month), letterNumber: null, contact: null });
    const opened = await page.evaluate<{ id: string }>(
      `fetch('/api/v1/survey/rounds', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: ${JSON.stringify(JSON.stringify({ title: 'รอบที่เปิดผิด', reference: 'ที่ มท 0816.3/ว ผิด', cutOffAt: at('01'), deadlines: { lao: due('02'), district: due('03'), province: due('04') } }))},
      }).then((answer) => answer.json())`,
    );
    await page.evaluate(`location.hash = '#/rounds/${opened.id}'`);
    await page.getByRole('button', { name: 'ยกเลิกรอบ' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('เหตุที่ยกเลิก').fill('เลขที่หนังสือผิด');
    await shot('round-cancel');
    await dialog.getByRole('button', { name: 'ยกเลิกรอบ' }).click();
    await page.getByText('ยกเลิกรอบนี้แล้ว: เลขที่หนังสือผิด').waitFor();
    expect(await page.getByRole('button', { name: 'ยกเลิกรอบ' }).count()).toBe(0);
    await page.locator('.page-under').getByText('ยกเลิกแล้ว').waitFor();
  });

  test('on a phone nothing is wider than the screen', { timeout: TEST_MS }, async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await enter('owner');
    await openRound();
    await shot('phone-round');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await openReturn(LANTA);
    await shot('phone-return');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    // The printed page is wider, within its frame, and the button to print it is in sight.
    await page.getByRole('link', { name: 'พิมพ์แบบสำรวจ' }).click();
    await page.locator('.sheet').waitFor();
    await shot('phone-print');
    const print = await page.getByRole('button', { name: 'พิมพ์ หรือบันทึกเป็น PDF' }).boundingBox();
    expect(print?.x).toBeGreaterThanOrEqual(0);
    expect((print?.x ?? 0) + (print?.width ?? 0)).toBeLessThanOrEqual(390);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  });

  test('no errors in the console', () => {
    expect(record.errors.filter((text) => !/Failed to load resource: .* 503 /.test(text))).toEqual(
      [],
    );
  });

  const ask = async (method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> => {
    const reply = await fetch(`${demo.gatewayUrl}/api/v1/survey/${path}`, {
      method,
      headers: { ...demo.headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await reply.json();
    expect([reply.status, answer]).toEqual([200, answer]);
    return answer;
  };

  /** As an administrator of the country: signed, and accepted by the level above. */
  async function signByApi(level: 'lao' | 'district', name: string): Promise<void> {
    const rounds = z
      .object({ rounds: z.array(z.object({ id: z.string() })) })
      .parse(await ask('GET', 'rounds'));
    const { returns } = z
      .object({
        returns: z.array(z.object({ id: z.string(), name: z.string(), version: z.int() })),
      })
      .parse(await ask('GET', `rounds/${rounds.rounds[0]?.id}/returns?level=${level}`));
    const found = returns.find((one) => one.name === name);
    const version = found?.version;
    const signature = { name: 'ผู้ลงนาม', position: 'ตำแหน่ง', date: '2026-11-01' };
    await ask('POST', `returns/${found?.id}/submit`, { version, signature });
    await ask('POST', `returns/${found?.id}/accept`, { version });
  }
});
