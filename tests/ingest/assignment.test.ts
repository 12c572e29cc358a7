import { describe, expect, test } from 'vitest';
import { StaticAssignment } from '#ingest/assignment/static.ts';

describe('cameras over workers', () => {
  test('of no site go to the worker with the fewest', () => {
    const assignment = new StaticAssignment(3);
    const placed = Array.from({ length: 7 }, () => assignment.place(null));
    expect(placed).toEqual([0, 1, 2, 0, 1, 2, 0]);
  });

  test('of one site go to one worker, however many', () => {
    const assignment = new StaticAssignment(4);
    assignment.place(null);
    const placed = Array.from({ length: 20 }, () => assignment.place('A'));
    expect(new Set(placed).size).toBe(1);
    expect(assignment.place('B')).not.toBe(placed[0]);
  });

  test('fill the gap that a removed camera left', () => {
    const assignment = new StaticAssignment(2);
    for (let i = 0; i < 10; i++) assignment.place(null);
    assignment.remove(null, 1);
    assignment.remove(null, 1);
    expect([assignment.place(null), assignment.place(null), assignment.place(null)]).toEqual([
      1, 1, 0,
    ]);
  });

  test('a site whose last camera left may go elsewhere', () => {
    const assignment = new StaticAssignment(2);
    expect(assignment.place('A')).toBe(0);
    expect(assignment.place('A')).toBe(0);
    expect(assignment.place('B')).toBe(1);
    assignment.remove('A', 0);
    expect(assignment.place('A')).toBe(0);
    assignment.remove('A', 0);
    assignment.remove('A', 0);
    assignment.place(null); // worker 0 is empty
    assignment.place(null);
    assignment.remove('B', 1);
    expect(assignment.place('A')).toBe(1);
  });

  test('a thousand of a hundred sites are spread evenly enough', () => {
    const assignment = new StaticAssignment(4);
    const loads = [0, 0, 0, 0];
    for (let i = 0; i < 1000; i++) {
      const worker = assignment.place(`site ${i % 100}`);
      loads[worker] = (loads[worker] as number) + 1;
    }
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(10);
  });
});
