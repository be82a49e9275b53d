/** The client of one service. */

import { download, type Download, type DownloadOptions } from "./api/download.ts";
import { Transport } from "./api/transport.ts";
import { follow, type FollowOptions } from "./live/follow.ts";
import type { State } from "./live/state.ts";
import { Accounts } from "./service/accounts.ts";
import { Administration } from "./service/administration.ts";
import { Analyses } from "./service/analyses.ts";
import { ApiKeys } from "./service/api-keys.ts";
import { Audit } from "./service/audit.ts";
import { Batches } from "./service/batches.ts";
import { Entropy } from "./service/entropy.ts";
import { Factors } from "./service/factors.ts";
import { Jobs } from "./service/jobs.ts";
import { MailLinks } from "./service/links.ts";
import { Members } from "./service/members.ts";
import { Outbox } from "./service/outbox.ts";
import { Person } from "./service/person.ts";
import { Pictures } from "./service/pictures.ts";
import { SecurityEvents } from "./service/security-events.ts";
import type { Submission, UploadOptions } from "./service/submission.ts";
import type { AnalyzeOptions, Batch, BatchOptions, DecryptOptions, EncryptOptions, Job } from "./service/types.ts";
import { Webhooks } from "./service/webhooks.ts";
import { NoSession, type Session } from "./session/session.ts";

export class Client {
  readonly session: Session;
  /** The account that requests are for, by its id; null for the personal one. */
  account: string | null = null;
  /** Every operation of docs/openapi.json, typed; for those that have no method here. */
  readonly api: Transport["api"];
  readonly accounts: Accounts;
  readonly members: Members;
  readonly apiKeys: ApiKeys;
  readonly links: MailLinks;
  readonly outbox: Outbox;
  readonly person: Person;
  readonly factors: Factors;
  readonly jobs: Jobs;
  readonly batches: Batches;
  readonly analyses: Analyses;
  readonly entropy: Entropy;
  readonly webhooks: Webhooks;
  readonly audit: Audit;
  /** For operators. */
  readonly systemAudit: Audit;
  readonly administration: Administration;
  readonly securityEvents: SecurityEvents;
  /** For operators. */
  readonly systemSecurityEvents: SecurityEvents;
  readonly #transport: Transport;
  readonly #pictures: Pictures;

  constructor({ session }: { session: Session }) {
    this.session = session;
    const transport = new Transport(session, () => this.account);
    this.#transport = transport;
    this.api = transport.api;
    this.accounts = new Accounts(transport, new Transport(new NoSession(session)));
    this.members = new Members(transport, new Transport(new NoSession(session)));
    this.apiKeys = new ApiKeys(transport);
    this.links = new MailLinks(transport, new Transport(new NoSession(session)));
    this.outbox = new Outbox(transport);
    this.person = new Person(transport);
    this.factors = new Factors(transport);
    this.jobs = new Jobs(transport);
    this.batches = new Batches(transport);
    this.analyses = new Analyses(transport);
    this.entropy = new Entropy(transport);
    this.webhooks = new Webhooks(transport);
    this.audit = new Audit(transport, "/api/v1/audit");
    this.systemAudit = new Audit(transport, "/api/v1/admin/audit");
    this.administration = new Administration(transport, new Transport(new NoSession(session)));
    this.securityEvents = new SecurityEvents(transport, "/api/v1/security-events");
    this.systemSecurityEvents = new SecurityEvents(transport, "/api/v1/admin/security-events");
    this.#pictures = new Pictures(transport, this.jobs, this.batches);
  }

  /** Encrypt a picture. The name of a `File` is kept. */
  encrypt(image: Blob, options?: EncryptOptions & UploadOptions): Submission<Job> {
    return this.#pictures.encrypt(image, options);
  }

  /** Let the service decrypt an encrypted image; fetch the picture with `jobs.result`. */
  decrypt(encrypted_image: Blob, options?: DecryptOptions & UploadOptions): Submission<Job> {
    return this.#pictures.decrypt(encrypted_image, options);
  }

  /** Analyze two pictures of your own; fetch the analysis with `analyses.get`. */
  analyze(original: Blob, encrypted: Blob, options?: AnalyzeOptions & UploadOptions): Submission<Job> {
    return this.#pictures.analyze(original, encrypted, options);
  }

  /** Ask how one flipped bit spreads; the result of the job is an `Avalanche` as JSON. */
  checkAvalanche(image: Blob, options?: AnalyzeOptions & UploadOptions): Submission<Job> {
    return this.#pictures.checkAvalanche(image, options);
  }

  /** Encrypt up to 100 pictures, or those of one zip. A bad picture is an item with an `error`; the others go on. */
  batch(pictures: readonly Blob[] | { archive: Blob }, options?: BatchOptions & UploadOptions): Submission<Batch> {
    return this.#pictures.batch(pictures, options);
  }

  /** Follow a job or batch to its end. Returns its last state, or null if the signal ended it. */
  follow(id: string, options?: FollowOptions): Promise<State | null> {
    return follow(this.#transport, id, options);
  }

  /** Fetch a file by a path of the service, such as a job's `report_url`. */
  download(path: string, options?: DownloadOptions): Promise<Download> {
    return download(this.#transport, path, options);
  }
}
