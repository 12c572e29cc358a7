import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import * as z from 'zod';
import { areaOf, type Place } from '#registry/area.ts';
import { systemAuthor, type Author } from '#registry/author.ts';
import { EmailTaken, type Account } from '../auth/accounts.ts';
import type { Grant } from '../auth/actor.ts';
import { hashNewPassword } from '../auth/new-password.ts';
import { readPeopleList, type ListRow } from '../auth/people-list.ts';
import type { People } from '../auth/people.ts';
import {
  email,
  grants,
  person,
  personJson,
  personName,
  typedPassword,
} from '../auth/person-json.ts';
import { decide } from '../auth/policy.ts';
import { PersonNotFound } from '../auth/refusal.ts';
import { TooManyTries } from '../auth/sign-in-errors.ts';
import { errorBody } from '../errors.ts';

const DEFAULT_PAGE = 100;
const MAX_PAGE = 500;
const MAX_SEARCH_LENGTH = 100;
const MAX_LIST_BYTES = 1024 * 1024;
const MAX_TOKEN_LENGTH = 200;

const oneTimeLink = z.string().meta({
  description: 'path of the one-time link, to be handed out; good for seven days, shown this once',
  examples: ['/invitation#Zm9v…'],
});

const listReport = z
  .object({
    rows: z.array(
      z.object({
        line: z.int().meta({ description: 'as a spreadsheet counts; the headings are line 1' }),
        name: z.string(),
        email: z.string(),
        outcome: z.enum(['created', 'accepted', 'refused']).meta({
          description: 'accepted: would be created (dry run)',
        }),
        problem: z.object({ code: z.string(), message: z.string() }).nullable(),
        personId: z.string().nullable(),
        link: oneTimeLink.nullable(),
      }),
    ),
    created: z.int(),
    refused: z.int(),
  })
  .meta({ id: 'PeopleListReport' });

/** What would lock out the one who asks. */
class NotYourself extends Error {
  readonly code = 'not_yourself';
}

/** People of an administrator's area, and the one-time links by which they come in. */
export function registerPeopleRoutes(
  app: FastifyInstance,
  deps: {
    people: People;
    findLaos: (name: string) => Promise<Place[]>;
    canonicalLao: (given: Place) => Promise<Place>;
  },
): void {
  const { people, findLaos, canonicalLao } = deps;
  const { accounts, admission, passwords, throttle } = people;
  const typed = app.withTypeProvider<ZodTypeProvider>();

  async function known(id: string): Promise<Account> {
    const account = await accounts.get(id);
    if (account === undefined) throw new PersonNotFound(`no person ${id} in your area`);
    return account;
  }

  /** Rights are compared by the list's spelling: an owner of เทศบาลตำบลก is that of ทต.ก. */
  async function asListed(given: readonly Grant[]): Promise<Grant[]> {
    return Promise.all(
      given.map(async ({ role, area }): Promise<Grant> => {
        if (area.level !== 'lao') return { role, area };
        const { lao: name, district, province } = area;
        return { role, area: areaOf(await canonicalLao({ name, district, province })) };
      }),
    );
  }

  typed.get(
    '/api/v1/people',
    {
      config: { action: 'people.manage' },
      schema: {
        summary: 'People of my area, oldest first',
        description: 'Those all of whose roles lie within it.',
        tags: ['people'],
        querystring: z.object({
          search: z.string().trim().min(1).max(MAX_SEARCH_LENGTH).optional(),
          cursor: z.uuidv7('not a nextCursor of this list').optional(),
          limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
        }),
        response: {
          200: z.object({ people: z.array(person), nextCursor: z.string().nullable() }),
          400: errorBody,
        },
      },
    },
    async (request, reply) => {
      const { search, cursor, limit } = request.query;
      if (search !== undefined) {
        await request.record('person.search', { kind: 'person', id: '' }, { detail: { search } });
      }
      const found = await accounts.list({
        within: request.areasFor('people.manage'),
        search,
        after: cursor,
        limit: limit + 1,
      });
      const page = found.slice(0, limit);
      void reply.header('Cache-Control', 'no-store');
      return {
        people: page.map(personJson),
        nextCursor: found.length > limit ? (page.at(-1)?.id ?? null) : null,
      };
    },
  );

  typed.post(
    '/api/v1/people',
    {
      config: { action: 'people.manage' },
      schema: {
        summary: 'Add a person; returns their one-time link',
        tags: ['people'],
        body: z.strictObject({ name: personName, email, grants }),
        response: {
          201: z.object({ person, link: oneTimeLink }),
          400: errorBody,
          403: errorBody,
          409: errorBody,
        },
      },
    },
    async (request, reply) => {
      const body = { ...request.body, grants: await asListed(request.body.grants) };
      await permitGrants(request, body.grants);
      await request.record(
        'person.create',
        { kind: 'person', id: '', label: body.name },
        { detail: { email: body.email, grants: body.grants } },
      );
      const { account, token } = await accounts.create(body, authorFrom(request));
      return reply
        .code(201)
        .header('Cache-Control', 'no-store')
        .header('Location', `/api/v1/people/${account.id}`)
        .send({ person: personJson(account), link: linkOf(token) });
    },
  );

  typed.get(
    '/api/v1/people/:id',
    {
      config: { action: 'people.manage', subject: 'person' },
      schema: {
        summary: 'One person of my area',
        tags: ['people'],
        params: z.object({ id: z.string() }),
        response: { 200: person, 404: errorBody },
      },
    },
    async (request) => personJson(await known(request.params.id)),
  );

  typed.patch(
    '/api/v1/people/:id',
    {
      config: { action: 'people.manage', subject: 'person' },
      schema: {
        summary: 'Change a person: name, e-mail, roles; close or open the account',
        description:
          'What is left out stays. Rights change at once, also of streams that are running.',
        tags: ['people'],
        params: z.object({ id: z.string() }),
        body: z.strictObject({
          name: personName.optional(),
          email: email.optional(),
          grants: grants.optional(),
          disabled: z.boolean().optional(),
        }),
        response: { 200: person, 400: errorBody, 403: errorBody, 404: errorBody, 409: errorBody },
      },
    },
    async (request) => {
      const { id } = request.params;
      const { grants: given } = request.body;
      const change = {
        ...request.body,
        ...(given === undefined ? {} : { grants: await asListed(given) }),
      };
      const before = await known(id);
      if (id === request.actor?.id && (change.grants !== undefined || change.disabled === true)) {
        throw new NotYourself('another administrator changes your roles or closes your account');
      }
      await permitGrants(request, change.grants ?? []);
      await request.record(
        change.disabled === true ? 'person.disable' : 'person.change',
        { kind: 'person', id, label: before.name },
        { detail: { ...change, grantsBefore: change.grants && before.grants } },
      );
      await accounts.change(id, change, authorFrom(request));
      await admission.recheck();
      return personJson(await known(id));
    },
  );

  typed.post(
    '/api/v1/people/:id/reset',
    {
      config: { action: 'people.manage', subject: 'person' },
      schema: {
        summary: 'Give a person a new one-time link',
        description:
          'Takes the password, and the second factor if asked, away at once, and ends their sessions.',
        tags: ['people'],
        params: z.object({ id: z.string() }),
        body: z.strictObject({
          secondFactor: z
            .boolean()
            .default(false)
            .meta({ description: 'also: the telephone was lost' }),
        }),
        response: {
          200: z.object({ link: oneTimeLink }),
          403: errorBody,
          404: errorBody,
          409: errorBody,
        },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      const { secondFactor } = request.body;
      const account = await known(id);
      if (id === request.actor?.id)
        throw new NotYourself('change your own password in your profile');
      await request.record(
        'person.reset',
        { kind: 'person', id, label: account.name },
        { detail: { secondFactor } },
      );
      const token = await accounts.reset(id, { password: true, secondFactor });
      await admission.recheck();
      void reply.header('Cache-Control', 'no-store');
      return { link: linkOf(token) };
    },
  );

  typed.post(
    '/api/v1/people/import',
    {
      config: { action: 'people.manage' },
      bodyLimit: MAX_LIST_BYTES,
      schema: {
        summary: 'Add the people of a list (CSV)',
        description:
          'Headings ชื่อ, อีเมล, บทบาท, อปท., and อำเภอ, จังหวัด where an LAO is not known by its name alone. A report per line; lines without a problem are entered, whatever the others.',
        tags: ['people'],
        body: z.strictObject({
          csv: z.string().meta({
            examples: [
              'ชื่อ,อีเมล,อปท.,บทบาท\nสมชาย ใจดี,somchai@lanta.go.th,ทต.เกาะลันตาใหญ่,เจ้าของกล้อง',
            ],
          }),
          dryRun: z.boolean().default(false),
        }),
        response: { 200: listReport, 400: errorBody, 413: errorBody },
      },
    },
    async (request, reply) => {
      const { csv, dryRun } = request.body;
      const rows = await readPeopleList(csv, request.areasFor('people.manage'), findLaos);
      if (!dryRun) {
        await request.record(
          'person.import',
          { kind: 'person', id: '' },
          { detail: { rows: rows.length } },
        );
      }
      const report: z.input<typeof listReport>['rows'] = [];
      for (const row of rows) report.push(await enter(request, row, dryRun));
      const refused = report.filter(({ outcome }) => outcome === 'refused').length;
      void reply.header('Cache-Control', 'no-store');
      return { rows: report, created: dryRun ? 0 : report.length - refused, refused };
    },
  );

  async function enter(
    request: FastifyRequest,
    { line, given, person: found, problem }: ListRow,
    dryRun: boolean,
  ): Promise<z.input<typeof listReport>['rows'][number]> {
    const row = { line, ...given, personId: null, link: null };
    if (found === undefined) return { ...row, outcome: 'refused', problem: problem ?? null };
    const listed = { ...found, grants: await asListed(found.grants) };
    const outside = listed.grants.some(
      ({ area }) => decide(request.actor, 'people.manage', { kind: 'area', area }) !== 'allowed',
    );
    if (outside) return { ...row, outcome: 'refused', problem: outOfArea };
    if (dryRun) {
      const taken = (await accounts.byEmail(listed.email)) !== undefined;
      return taken
        ? { ...row, outcome: 'refused', problem: emailTaken }
        : { ...row, outcome: 'accepted', problem: null };
    }
    try {
      await request.record(
        'person.create',
        { kind: 'person', id: '', label: listed.name },
        { detail: { email: listed.email, grants: listed.grants, line } },
      );
      const { account, token } = await accounts.create(listed, authorFrom(request));
      return {
        ...row,
        outcome: 'created',
        problem: null,
        personId: account.id,
        link: linkOf(token),
      };
    } catch (error) {
      if (!(error instanceof EmailTaken)) throw error;
      return { ...row, outcome: 'refused', problem: emailTaken };
    }
  }

  typed.get(
    '/api/v1/invitations/:token',
    {
      config: { action: 'public' },
      schema: {
        summary: 'Whom a one-time link is for',
        tags: ['people'],
        params: z.object({ token: z.string().max(MAX_TOKEN_LENGTH) }),
        response: { 200: z.object({ name: z.string(), email: z.string() }), 404: errorBody },
      },
    },
    async (request, reply) => {
      countTry(request);
      const account = await accounts.invited(request.params.token);
      throttle.succeeded(`${INVITATION} ${request.ip}`, request.ip);
      void reply.header('Cache-Control', 'no-store');
      return { name: account.name, email: account.email };
    },
  );

  typed.post(
    '/api/v1/invitations/:token',
    {
      config: { action: 'public' },
      schema: {
        summary: 'Set my password by a one-time link; then sign in',
        tags: ['people'],
        params: z.object({ token: z.string().max(MAX_TOKEN_LENGTH) }),
        body: z.strictObject({ password: typedPassword }),
        response: { 204: z.undefined(), 400: errorBody, 404: errorBody, 429: errorBody },
      },
    },
    async (request, reply) => {
      const { token } = request.params;
      countTry(request);
      const account = await accounts.invited(token);
      throttle.succeeded(`${INVITATION} ${request.ip}`, request.ip);
      const passwordHash = await hashNewPassword(passwords, request.body.password, account);
      await request.record('password.change', {
        kind: 'person',
        id: account.id,
        label: account.name,
      });
      await accounts.acceptInvitation(token, passwordHash);
      await admission.recheck();
      return reply.code(204).send();
    },
  );

  /** A link cannot be guessed; whoever tries all the same is slowed, by address. */
  function countTry(request: FastifyRequest): void {
    const waitMs = throttle.begin(`${INVITATION} ${request.ip}`, request.ip);
    if (waitMs > 0) throw new TooManyTries(Math.ceil(waitMs / 1000));
  }
}

/** Of an LAO that the list does not have, and a role is given for. */
function authorFrom({ actor }: FastifyRequest): Author {
  return actor === undefined ? systemAuthor : { id: actor.id, name: actor.name, proxyFor: null };
}

/** Each role must be theirs to give: all of its area within their own. */
async function permitGrants(request: FastifyRequest, given: readonly Grant[]): Promise<void> {
  for (const { area } of given) await request.permit('people.manage', { kind: 'area', area });
}

const INVITATION = 'invitation';
const outOfArea = { code: 'out_of_area', message: 'the role lies outside of your area' };
const emailTaken = { code: 'email_taken', message: 'this address has an account already' };

/** After the `#`: it stays in the browser, and comes into no log of a proxy. */
function linkOf(token: string): string {
  return `/invitation#${token}`;
}
