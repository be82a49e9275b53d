// A real OpenID provider for the tests of the console (npm oidc-provider): it refuses requests without PKCE. It prints one
// JSON line when it listens. Its log-in page takes any name: the name is the subject, and NAME@people.example the verified
// address.

import { once } from "node:events";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const [, , redirectUri, clientSecret] = process.argv;
const CLIENT = {
  client_id: "imageshield",
  client_secret: clientSecret,
  grant_types: ["authorization_code"],
  response_types: ["code"],
  redirect_uris: [redirectUri],
  // For a native client the port of a loopback address is not compared: the service has not got its port yet.
  application_type: "native",
};

const server = createServer();
server.listen(0, "127.0.0.1");
await once(server, "listening");
// Another site than localhost, where the service is: cookies with SameSite=Strict must work nevertheless.
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [CLIENT],
  cookies: { keys: ["a key of the tests"] },
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  pkce: { required: () => true },
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_, name) => ({ accountId: name, claims: () => ({ sub: name, email: `${name}@people.example`, email_verified: true }) }),
  // Nobody is asked for consent: the service is the operator's own.
  async loadExistingGrant({ oidc }) {
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope("openid email");
    await grant.save();
    return grant;
  },
  ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 600, IdToken: 60, Interaction: 600, Session: 600 },
});

const LOG_IN = `<!doctype html><html lang="en"><title>Provider</title><link rel="icon" href="data:,"><h1>Provider</h1><form method="post">
<label>Name <input name="name"></label> <button>Log in</button> <button name="cancel" value="yes">Cancel</button></form></html>`;

async function interact(request, response) {
  const { prompt } = await provider.interactionDetails(request, response);
  if (prompt.name === "consent") {
    // Of a native client the provider wants consent at each log-in.
    await provider.interactionFinished(request, response, { consent: {} }, { mergeWithLastSubmission: true });
    return;
  }
  if (request.method === "GET") {
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(LOG_IN);
    return;
  }
  let body = "";
  for await (const chunk of request) body += chunk;
  const form = new URLSearchParams(body);
  const denied = { error: "access_denied", error_description: "<b>nobody</b>" };
  const result = form.has("cancel") ? denied : { login: { accountId: form.get("name") } };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

const answer = provider.callback();
server.on("request", (request, response) => {
  if (!request.url.startsWith("/interaction/")) answer(request, response);
  else interact(request, response).catch((error) => { response.writeHead(500).end(String(error)); });
});
console.log(JSON.stringify({ issuer }));
