import { createTransport } from 'nodemailer';
import type { Notice } from './notice.ts';
import { noticeLines, noticeTitle } from './notice-words.ts';

/** Where e-mail goes out. `url` may hold a password: never logged. */
export interface MailSettings {
  /** smtp:// (STARTTLS where it is offered) or smtps://. */
  url: string;
  from: string;
}

export interface Mailer {
  /** All of a person's new notices as one message. Throws what the server says. */
  send(to: { name: string; address: string }, notices: readonly Notice[]): Promise<void>;
  close(): void;
}

const CONNECT_WITHIN_MS = 10_000;
const SEND_WITHIN_MS = 30_000;
const MAX_CONNECTIONS = 2;

/** `address`: of the gateway as people reach it; without it messages have no links. */
export function openMailer({ url, from }: MailSettings, address: string | undefined): Mailer {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: MAX_CONNECTIONS,
    connectionTimeout: CONNECT_WITHIN_MS,
    greetingTimeout: CONNECT_WITHIN_MS,
    socketTimeout: SEND_WITHIN_MS,
    // Nothing of a message is a file or an address to be fetched.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send(to, notices) {
      const [first] = notices;
      if (first === undefined) return;
      const more = notices.length - 1;
      await transport.sendMail({
        from,
        to,
        subject: more === 0 ? noticeTitle(first) : `${noticeTitle(first)} และอีก ${more} เรื่อง`,
        text: [
          ...notices.flatMap((notice) => [
            noticeTitle(notice),
            ...noticeLines(notice, address),
            '',
          ]),
          'ปิดการแจ้งทางอีเมลได้ที่หน้าการแจ้งเตือนในระบบ',
        ].join('\n'),
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
    },
    close() {
      transport.close();
    },
  };
}
