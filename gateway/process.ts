/** Reads the environment, starts the gateway, ends it on a signal. */
import { pino } from 'pino';
import { parseConfig, InvalidConfig } from './config.ts';
import { endAtOnce } from './end-at-once.ts';
import { startGateway } from './gateway.ts';

/** What has not ended by itself is ended: more than recorders are given (storage/recorder-threads.ts), and not more than Docker gives. */
const CLOSE_MS = 10_000;

async function start(): Promise<void> {
  const config = parseConfig(process.env);
  const log = pino({ level: config.logLevel });
  const gateway = await startGateway(config, log);
  log.info({ url: gateway.url }, 'gateway ready');
  // On the console and not in the log, which is kept, and read by others.
  if (gateway.setupLink !== undefined) console.log(firstStart(gateway.setupLink));

  let closing = false;
  const close = (signal: string): void => {
    if (closing) return;
    closing = true;
    log.info({ signal }, 'gateway stops');
    setTimeout(endAtOnce, CLOSE_MS).unref();
    gateway.close().then(
      (threads) => (threads === 'ended' ? process.exit(0) : endAtOnce()),
      (error: unknown) => {
        log.error({ err: error }, 'gateway did not stop cleanly');
        endAtOnce();
      },
    );
  };
  process.on('SIGINT', close);
  process.on('SIGTERM', close);
}

function firstStart(link: string): string {
  return [
    '',
    '  ยังไม่มีผู้ใช้ เปิดลิงก์นี้เพื่อสร้างผู้ดูแลระบบคนแรก (ใช้ได้ครั้งเดียว จนกว่าจะปิดโปรแกรม)',
    '  nobody has an account yet: this link makes the first administrator (once, while this process runs)',
    '',
    `  ${link}`,
    '',
  ].join('\n');
}

/** Ends the process when it cannot start. */
export function run(): void {
  start().catch((error: unknown) => {
    // Errors with a code are said in words for whoever started it; others are faults of ours and keep their trace.
    const known = error instanceof InvalidConfig || (error instanceof Error && 'code' in error);
    console.error(known ? (error as Error).message : error);
    process.exit(1);
  });
}
