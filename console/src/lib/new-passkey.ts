import type { CreatedCredential } from "@imageshield/client";
import { PasskeyCancelled } from "@/lib/passkeys.ts";

/** Let the browser make a passkey, and return what the service keeps of it. */
export async function makePasskey(options: object): Promise<CreatedCredential> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options as PublicKeyCredentialCreationOptionsJSON);
  const credential = await navigator.credentials.create({ publicKey }).catch((error: unknown) => {
    throw error instanceof DOMException ? cancelled(error) : error;
  });
  if (!(credential instanceof PublicKeyCredential)) throw new PasskeyCancelled("No passkey was made.");
  return credential.toJSON() as CreatedCredential;
}

/** The device refuses a second passkey for the same user. */
const cancelled = (cause: DOMException): PasskeyCancelled => new PasskeyCancelled(cause.name === "InvalidStateError" ? "This device has a passkey of yours for this service already." : "No passkey was made.", { cause });
