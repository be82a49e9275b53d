import { afterEach, describe, expect, test, vi } from "vitest";

import { BrowserSession, Offline, SignedOut } from "../src/index.ts";
import { cut, json, problem, serve, type Answer } from "./support/faulty.ts";

const SESSION = "/api/v1/auth/session";
const REFRESH = `${SESSION}/refresh`;
const REFUSED = json(401, problem("unauthenticated", 401));

const open = new Set<BrowserSession>();

afterEach(() => {
  vi.restoreAllMocks();
  for (const session of open) session.close();
  open.clear();
});

/** A tab of its own. The tests' tabs share the channel, as those of a browser do. */
function tab(url: string): BrowserSession {
  const session = new BrowserSession({ url });
  open.add(session);
  return session;
}

function grant(account: string, expires_in = 900) {
  const claims = Buffer.from(JSON.stringify({ sub: account, n: Math.random() })).toString("base64url");
  return json(200, { access_token: `head.${claims}.signature`, expires_in });
}

describe("BrowserSession", () => {
  test("a new tab takes the session of the cookie, or learns that there is none", async () => {
    const { url, received } = await serve({ [REFRESH]: [grant("acc_1"), REFUSED] });
    const [one, two] = [tab(url), tab(url)];
    expect(one.state).toBe("unknown");
    expect(await one.resume()).toBe(true);
    expect(one.state).toBe("signed-in");
    expect(received[0]?.headers["x-csrf"]).toBe("1");
    expect(await two.resume()).toBe(false);
    expect(two.state).toBe("signed-out");
  });

  test("a service that is away ends nothing", async () => {
    const { url } = await serve({ [SESSION]: grant("acc_1", 0), [REFRESH]: [cut, json(503, problem("unavailable", 503)), grant("acc_1")] });
    const session = tab(url);
    await session.signIn("ada@example.org", "correct horse battery");
    await expect(session.token()).rejects.toBeInstanceOf(Offline);
    await expect(session.token()).rejects.toMatchObject({ code: "unavailable" });
    expect(session.state).toBe("signed-in");
    await expect(session.token()).resolves.toContain("head.");
  });

  test("a token near its end is renewed, and used on where that fails", async () => {
    const { url, received } = await serve({ [SESSION]: grant("acc_1", 100), [REFRESH]: [cut, grant("acc_1")] });
    const session = tab(url);
    await session.signIn("ada@example.org", "correct horse battery");
    const first = await session.token();
    const now = performance.now();
    vi.spyOn(performance, "now").mockReturnValue(now + 90_000);
    expect(await session.token()).toBe(first);
    expect(await session.token()).not.toBe(first);
    expect(received.filter(({ path }) => path === REFRESH)).toHaveLength(2);
  });

  test("a wrong clock of the machine changes nothing", async () => {
    const { url, received } = await serve({ [SESSION]: grant("acc_1") });
    const session = tab(url);
    await session.signIn("ada@example.org", "correct horse battery");
    vi.spyOn(Date, "now").mockReturnValue(Date.now() + 3_600_000);
    await session.token();
    expect(received).toHaveLength(1);
  });

  test("many who wait share one refresh", async () => {
    const { url, received } = await serve({ [REFRESH]: grant("acc_1") });
    const session = tab(url);
    await Promise.all(Array.from({ length: 6 }, () => session.token()));
    expect(received).toHaveLength(1);
  });

  test("a caller that gives up does not spoil the refresh of the others", async () => {
    const { url } = await serve({ [REFRESH]: (request, response) => { setTimeout(() => { grant("acc_1")(request, response); }, 100); } });
    const session = tab(url);
    const stop = new AbortController();
    const [impatient, patient] = [session.token(stop.signal), session.token()];
    stop.abort(new Error("gone"));
    await expect(impatient).rejects.toThrow("gone");
    await expect(patient).resolves.toContain("head.");
  });

  test("signing out ends all tabs, and a message carries one word only", async () => {
    const { url } = await serve({ [SESSION]: [grant("acc_1"), (_, response) => response.writeHead(204).end()], [REFRESH]: grant("acc_1") });
    const [one, two] = [tab(url), tab(url)];
    const heard: unknown[] = [];
    const listener = new BroadcastChannel("imageshield-session");
    listener.onmessage = ({ data }) => { heard.push(data); };
    await one.signIn("ada@example.org", "correct horse battery");
    await two.resume();
    const changed = new Promise<void>((resolve) => { two.subscribe(resolve); });
    await one.signOut();
    await changed;
    expect([one.state, two.state]).toEqual(["signed-out", "signed-out"]);
    await expect(two.token()).rejects.toBeInstanceOf(SignedOut);
    await vi.waitFor(() => { expect(heard).toEqual(["ended"]); });
    listener.close();
  });

  test("a refresh that is refused ends all tabs, but not one by a tab that never had a session", async () => {
    const { url } = await serve({ [SESSION]: grant("acc_1"), [REFRESH]: REFUSED });
    const [one, two] = [tab(url), tab(url)];
    await one.signIn("ada@example.org", "correct horse battery");
    expect(await two.resume()).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(one.state).toBe("signed-in");
    await two.signIn("ada@example.org", "correct horse battery");
    await expect(two.renew(await two.token())).rejects.toBeInstanceOf(SignedOut);
    await vi.waitFor(() => { expect(one.state).toBe("signed-out"); });
  });

  test("a refresh that is under way does not undo signing out", async () => {
    const slow: Answer = (request, response) => { setTimeout(() => { grant("acc_1")(request, response); }, 100); };
    const { url, received } = await serve({ [SESSION]: [grant("acc_1"), (_, response) => response.writeHead(204).end()], [REFRESH]: slow });
    const session = tab(url);
    await session.signIn("ada@example.org", "correct horse battery");
    await Promise.all([session.renew(await session.token()), session.signOut()]);
    expect(received.map(({ method }) => method)).toEqual(["POST", "POST", "DELETE"]);
    expect(session.state).toBe("signed-out");
  });

  test("signing out without the service says so and ends nothing", async () => {
    const { url } = await serve({ [SESSION]: [grant("acc_1"), cut] });
    const session = tab(url);
    await session.signIn("ada@example.org", "correct horse battery");
    await expect(session.signOut()).rejects.toBeInstanceOf(Offline);
    expect(session.state).toBe("signed-in");
  });

  test("the cookie of another account is noticed", async () => {
    const { url } = await serve({ [SESSION]: grant("acc_1"), [REFRESH]: grant("acc_2") });
    const session = tab(url);
    await session.signIn("ada@example.org", "correct horse battery");
    await expect(session.renew(await session.token())).rejects.toThrow("Another account");
    expect(session.state).toBe("signed-out");
  });

  test("an answer that is no grant is no session", async () => {
    const { url } = await serve({ [SESSION]: json(200, { token: "?" }) });
    await expect(tab(url).signIn("ada@example.org", "correct horse battery")).rejects.toMatchObject({ name: "UnexpectedAnswer" });
  });
});
