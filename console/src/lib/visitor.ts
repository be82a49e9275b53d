import { Client, NoSession } from "@imageshield/client";

/** A client without a credential, for the pages before a sign-in. */
export const visitor = new Client({ session: new NoSession({ url: location.origin }) });
