/** Whether this browser has passkeys, and reads and writes them as JSON. Pages over plain http have none. */
export const hasPasskeys = (): boolean => "PublicKeyCredential" in window && "parseRequestOptionsFromJSON" in PublicKeyCredential;

/** The person has closed the question of the browser, or it has found no passkey. */
export class PasskeyCancelled extends Error {
  override name = "PasskeyCancelled";
}

/** Let the browser ask for a passkey, and return what it has answered. */
export async function askForPasskey(options: object): Promise<object> {
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options as PublicKeyCredentialRequestOptionsJSON);
  const credential = await navigator.credentials.get({ publicKey }).catch((error: unknown) => {
    throw error instanceof DOMException ? new PasskeyCancelled("No passkey was used.", { cause: error }) : error;
  });
  if (!(credential instanceof PublicKeyCredential)) throw new PasskeyCancelled("No passkey was used.");
  return credential.toJSON() as object;
}
