import { dirname, join } from 'node:path/posix';

/** A source file, its path from the root of the project. */
export interface SourceFile {
  path: string;
  text: string;
}

/** From left to right: a folder may import those to its right. Tests may import anything. */
const order = ['gateway', 'storage', 'ingest', 'registry'];
/** Names of places without an owner. */
const ownerless = /^(?:utils?|common|shared|helpers?)(?:\.tsx?)?$/;

/** What breaks the rules of gateway/ARCHITECTURE.md about imports; a line each. */
export function breachesOf(files: readonly SourceFile[]): string[] {
  const breaches: string[] = [];
  const graph = new Map<string, string[]>();
  for (const { path, text } of files) {
    if (path.split('/').some((name) => ownerless.test(name))) {
      breaches.push(`${path}: put it with the part that owns its meaning`);
    }
    const targets: string[] = [];
    for (const specifier of importsOf(text)) {
      const target = targetOf(path, specifier);
      if (target === undefined) continue;
      targets.push(target);
      const breach = breachOf(path, specifier, target);
      if (breach !== undefined) breaches.push(`${path} imports ${specifier}: ${breach}`);
    }
    graph.set(path, targets);
  }
  return [...breaches, ...cyclesOf(graph)];
}

/** Specifiers of imports and re-exports, static, dynamic and of types. */
export function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const statements = /^\s*(?:import|export)\b(?:[^'"`;()]*?\bfrom)?\s*(['"])([^'"]+)\1/gm;
  const calls = /\bimport\(\s*(['"])([^'"]+)\1/g;
  return [...code.matchAll(statements), ...code.matchAll(calls)].map((match) => match[2] ?? '');
}

/** Undefined for what is not a file of ours. */
function targetOf(path: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (specifier.startsWith('.')) return join(dirname(path), specifier);
  return undefined;
}

function breachOf(path: string, specifier: string, target: string): string | undefined {
  const [from, to] = [top(path), top(target)];
  if (from === to) return undefined;
  if (from !== 'tests') {
    const [left, right] = [order.indexOf(from), order.indexOf(to)];
    if (left < 0 || right < left) return `${from} must not import ${to}`;
  }
  return specifier.startsWith('.') ? `across folders, use #${target}` : undefined;
}

function top(path: string): string {
  return path.split('/', 1)[0] ?? '';
}

/** Each cycle once, beginning at the file that was reached first. */
function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const trail: string[] = [];
  function visit(path: string): void {
    const start = trail.indexOf(path);
    if (start >= 0) {
      cycles.push(`import cycle: ${[...trail.slice(start), path].join(' → ')}`);
      return;
    }
    if (done.has(path)) return;
    trail.push(path);
    for (const target of graph.get(path) ?? []) visit(target);
    trail.pop();
    done.add(path);
  }
  for (const path of graph.keys()) visit(path);
  return cycles;
}
