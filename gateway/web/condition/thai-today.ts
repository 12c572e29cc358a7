const isoDay = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'Asia/Bangkok',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
});

/** Today in Thailand, as `2026-11-25`. */
export function thaiToday(nowMs = Date.now()): string {
  return isoDay.format(nowMs);
}

/** What `<input type="datetime-local">` holds, as a moment in Thailand; undefined while it is not whole. */
export function thaiMoment(local: string): string | undefined {
  const withZone = `${local}:00+07:00`;
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d$/u.test(local) && !Number.isNaN(Date.parse(withZone))
    ? withZone
    : undefined;
}
