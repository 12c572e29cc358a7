import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { breachesOf, importsOf, type SourceFile } from './import-rules.ts';

const root = join(import.meta.dirname, '../..');

function sources(): SourceFile[] {
  const paths = globSync('{gateway,storage,ingest,registry,tests}/**/*.{ts,tsx}', {
    cwd: root,
    exclude: (path) => path.includes('node_modules') || path.endsWith('gateway/web/dist'),
  });
  return paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

test('imports run gateway → storage → ingest → registry, by # paths across folders, without cycles', () => {
  const found = sources();
  expect(found.length).toBeGreaterThan(20);
  expect(breachesOf(found)).toEqual([]);
});

const file = (path: string, ...imports: string[]): SourceFile => ({
  path,
  text: imports.map((specifier) => `import { a } from '${specifier}';`).join('\n'),
});

test('an import to the left is a breach', () => {
  expect(breachesOf([file('registry/a.ts', '#ingest/b.ts')])).toEqual([
    'registry/a.ts imports #ingest/b.ts: registry must not import ingest',
  ]);
  expect(breachesOf([file('ingest/a.ts', '#gateway/b.ts', '#storage/c.ts')])).toHaveLength(2);
  expect(breachesOf([file('gateway/a.ts', '#tests/b.ts')])).toHaveLength(1);
  const allowed = ['#storage/a.ts', '#ingest/b.ts', '#registry/c.ts', './d.ts', 'zod', 'node:fs'];
  expect(breachesOf([file('gateway/a.ts', ...allowed)])).toEqual([]);
  expect(breachesOf([file('tests/x/a.ts', '#gateway/b.ts', '../y/c.ts')])).toEqual([]);
});

test('a relative import that crosses top-level folders is a breach', () => {
  expect(breachesOf([file('gateway/routes/a.ts', '../../registry/camera.ts')])).toEqual([
    'gateway/routes/a.ts imports ../../registry/camera.ts: across folders, use #registry/camera.ts',
  ]);
});

test('a cycle between files is a breach, also through types, and is told once', () => {
  const cycle = [
    file('ingest/a.ts', './b.ts'),
    { path: 'ingest/b.ts', text: "import type { C } from './c/c.ts';\n" },
    file('ingest/c/c.ts', '#ingest/a.ts'),
    file('ingest/d.ts', './a.ts'),
  ];
  expect(breachesOf(cycle)).toEqual([
    'import cycle: ingest/a.ts → ingest/b.ts → ingest/c/c.ts → ingest/a.ts',
  ]);
});

test('a file or folder for everything is a breach', () => {
  for (const path of [
    'ingest/utils.ts',
    'gateway/shared/a.ts',
    'registry/helpers/b.ts',
    'tests/common/a.ts',
  ]) {
    expect(breachesOf([file(path)])).toHaveLength(1);
  }
  expect(breachesOf([file('ingest/shared-memory.ts')])).toEqual([]);
});

test('imports are seen in every form that there is', () => {
  const text = `
    import a from 'a';
    import type { B } from "b";
    import {
      c,
    } from './c.ts';
    import 'd.css';
    export { e } from './e.ts';
    export * from './f.ts';
    const g = await import('./g.ts');
    type H = import('./h.ts').H;
    // import i from './i.ts';
    /* import j from './j.ts'; */
    new Worker(new URL('./k.ts', import.meta.url));
  `;
  expect(importsOf(text).toSorted()).toEqual(
    ['a', 'b', './c.ts', 'd.css', './e.ts', './f.ts', './g.ts', './h.ts'].toSorted(),
  );
});
