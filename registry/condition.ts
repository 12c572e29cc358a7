import type { Camera } from './camera.ts';
import type { ObservedState } from './events/camera-event.ts';

/**
 * What a camera counts as: observed × declared (forms.md §4). Pure. Observed and declared are two facts, and neither
 * overwrites the other; what follows from both for the form is said here, with the rule that said it.
 */

/** The three that the form has columns for. */
export type SurveyColumn = Camera['declared'];

/** From when on a camera was observed in this state. */
export interface ObservedSince {
  atMs: number;
  state: ObservedState;
}

/** Half-open. */
export interface TimeSpan {
  fromMs: number;
  toMs: number;
}

export interface SurveyFacts {
  declared: { status: SurveyColumn; atMs: number };
  /** It has a stream; without one nothing is observed. */
  linked: boolean;
  /** In the order of time; what was observed before the window is needed too, if only the last of it. */
  observed: readonly ObservedSince[];
  /** Incidents of its site, network or worker, and times when the gateway did not look. They may overlap. */
  takenOut: readonly TimeSpan[];
  window: TimeSpan;
}

/** Why a camera counts as what it counts. */
export const surveyRules = {
  /** §4.3: only ever declared. */
  'declared-unrepairable': 'ผู้รับผิดชอบแจ้งว่าไม่สามารถซ่อมได้',
  'declared-under-repair': 'ผู้รับผิดชอบแจ้งว่าอยู่ระหว่างซ่อม',
  /** §4.5 */
  'not-linked': 'ยังไม่เชื่อมโยง นับตามที่ผู้รับผิดชอบแจ้ง',
  /** §4.3 */
  'damaged-most-of-window': 'ภาพขัดข้องเกินครึ่งของช่วงเวลาสำรวจ นับเป็นอยู่ระหว่างซ่อม รอการจำแนก',
  'seen-working': 'เห็นภาพปกติเกินครึ่งของเวลาที่ตรวจได้',
  /** §4.4: an incident is not a camera's fault. */
  'too-little-seen': 'ตรวจได้ไม่พอในช่วงเวลาสำรวจ (เหตุของระบบ เครือข่าย หรือจุดติดตั้ง) นับตามที่ผู้รับผิดชอบแจ้ง',
  /** Down or degraded, and not for most of the window. */
  'damaged-too-short': 'ภาพขัดข้องไม่ถึงครึ่งของช่วงเวลาสำรวจ นับตามที่ผู้รับผิดชอบแจ้ง',
} as const satisfies Readonly<Record<string, string>>;
export type SurveyRule = keyof typeof surveyRules;
export const surveyRuleNames = Object.keys(surveyRules) as SurveyRule[];

export interface SurveyStatus {
  status: SurveyColumn;
  /** Under repair because it was seen so, until somebody says what it is. */
  awaitingClassification: boolean;
  /** What it rests on: somebody's word, or what was seen. */
  basis: 'declared' | 'observed';
  rule: SurveyRule;
  /** Declared damaged, and seen working for most of the window: somebody may want to declare it anew. Never done by itself. */
  proposal: 'working' | null;
  /** It was seen in the window, whatever state it was in: evidence that it is there (forms.md §4). */
  seen: boolean;
  /** It would count as damaged, had an incident of its site, network or worker, or a failure of ours, not been taken out (§4.4). */
  inIncident: boolean;
}

/** Of the window, so much must be left when incidents and our own failures are taken out, or it says nothing. */
export const MIN_LEFT_SHARE = 1 / 8;

/**
 * For the survey: hours count, not seconds (§4.3). A camera counts as damaged when it was down or degraded for most of what is left of the
 * window; what was before its last declaration does not speak against that declaration.
 */
export function surveyStatus(facts: SurveyFacts): SurveyStatus {
  const { declared, linked, window } = facts;
  const { damagedMs, upMs, leftMs } = timesOf(facts);
  const enough = leftMs >= (window.toMs - window.fromMs) * MIN_LEFT_SHARE && leftMs > 0;
  const seen = linked && upMs + damagedMs > 0;
  const mostlyUp = linked && enough && upMs * 2 > leftMs;
  const byDeclaration = (rule: SurveyRule): SurveyStatus => ({
    status: declared.status,
    awaitingClassification: false,
    basis: 'declared',
    rule,
    proposal: declared.status !== 'working' && mostlyUp ? 'working' : null,
    seen,
    inIncident: false,
  });
  const spared = (): boolean =>
    facts.takenOut.length > 0 && surveyStatus({ ...facts, takenOut: [] }).awaitingClassification;
  if (declared.status === 'unrepairable') return byDeclaration('declared-unrepairable');
  if (declared.status === 'under-repair') return byDeclaration('declared-under-repair');
  if (!linked) return byDeclaration('not-linked');
  if (!enough || upMs + damagedMs === 0) {
    return { ...byDeclaration('too-little-seen'), inIncident: spared() };
  }
  if (damagedMs * 2 > leftMs) {
    return {
      status: 'under-repair',
      awaitingClassification: true,
      basis: 'observed',
      rule: 'damaged-most-of-window',
      proposal: null,
      seen,
      inIncident: false,
    };
  }
  return mostlyUp
    ? { ...byDeclaration('seen-working'), basis: 'observed', inIncident: spared() }
    : { ...byDeclaration('damaged-too-short'), inIncident: spared() };
}

export interface NowStatus {
  status: SurveyColumn;
  awaitingClassification: boolean;
  /** Linked, and nobody can say how it is: counted by its declaration. */
  unknown: boolean;
}

/** Now: what is seen this minute, beside what is declared. It says nothing about the form. */
export function nowStatus(declared: SurveyColumn, observed: ObservedState | null): NowStatus {
  const damaged = observed === 'down' || observed === 'degraded';
  if (declared === 'working' && damaged) {
    return { status: 'under-repair', awaitingClassification: true, unknown: false };
  }
  return {
    status: declared,
    awaitingClassification: false,
    unknown: observed === 'unknown' || observed === null,
  };
}

/** How long it was what, within the window, of what is left when incidents and what we did not see are taken out. */
function timesOf({ declared, observed, takenOut, window }: SurveyFacts): {
  damagedMs: number;
  upMs: number;
  leftMs: number;
} {
  const incidents = united(takenOut, window);
  let leftMs = window.toMs - window.fromMs - lengthOf(incidents);
  let damagedMs = 0;
  let upMs = 0;
  for (const [index, { atMs, state }] of observed.entries()) {
    const fromMs = Math.max(atMs, window.fromMs);
    const toMs = Math.min(observed[index + 1]?.atMs ?? window.toMs, window.toMs);
    if (toMs <= fromMs) continue;
    switch (state) {
      case 'unknown':
        // Ours: the worker died, the gateway did not run, or had not looked yet.
        leftMs -= outside({ fromMs, toMs }, incidents);
        break;
      case 'up':
        upMs += outside({ fromMs, toMs }, incidents);
        break;
      case 'down':
      case 'degraded':
        // Whoever declared it working knew better than what was seen before.
        damagedMs += outside(
          { fromMs: Math.max(fromMs, Math.min(declared.atMs, toMs)), toMs },
          incidents,
        );
        break;
      case 'not-linked':
        break;
    }
  }
  return { damagedMs, upMs, leftMs };
}

/** Without overlaps, in order, within the window. */
function united(spans: readonly TimeSpan[], window: TimeSpan): TimeSpan[] {
  const result: TimeSpan[] = [];
  for (const span of spans.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const fromMs = Math.max(span.fromMs, window.fromMs);
    const toMs = Math.min(span.toMs, window.toMs);
    if (toMs <= fromMs) continue;
    const last = result.at(-1);
    if (last !== undefined && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs);
    else result.push({ fromMs, toMs });
  }
  return result;
}

function lengthOf(spans: readonly TimeSpan[]): number {
  return spans.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
}

/** How much of the span lies outside of the others. */
function outside({ fromMs, toMs }: TimeSpan, others: readonly TimeSpan[]): number {
  return toMs - fromMs - lengthOf(united(others, { fromMs, toMs }));
}
