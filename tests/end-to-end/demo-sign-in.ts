import type { BrowserContext, Page } from 'playwright-core';
import { demoPeople } from '../simulator/demo-people.ts';

/** Name of the demo's person with this role. */
export function nameOf(role: string): string {
  return demoPeople.find(({ email }) => email.startsWith(`${role}@`))?.name ?? '';
}

/**
 * Signs in as a visitor of the demo does: by its list, and by the code that it shows where one is wanted. Comes out at the
 * profile, which plays nothing: each time at the wall, eight pictures would be decoded that the test is not about.
 */
export async function signInAs(
  role: string,
  { context, page, url }: { context: BrowserContext; page: Page; url: string },
): Promise<void> {
  await context.clearCookies();
  // Else only what is behind the # would change, and the page would stay.
  await page.goto('about:blank');
  await page.goto(`${url}/#/profile`);
  await page.locator('.door-demo button', { hasText: nameOf(role) }).click();
  await page.locator('.frame-head, input[autocomplete="one-time-code"]').waitFor();
  if ((await page.locator('.frame-head').count()) > 0) return;
  await page.locator('button', { hasText: nameOf(role) }).click();
  await page.getByRole('button', { name: 'ยืนยัน', exact: true }).click();
  await page.locator('.frame-head').waitFor();
}
