import type { ManagedUser } from "@imageshield/client";
import { ActButton, type Act } from "@/features/admin/act.tsx";
import { client, useMe } from "@/lib/api.ts";
import { Card, CardHead, CardPart } from "@/ui/card.tsx";
import { Message } from "@/ui/message.tsx";
import { Time } from "@/ui/time.tsx";

/** The reset of lost second factors: one operator asks for it, another one or the user confirms it. */
export function FactorReset({ user }: { user: ManagedUser }) {
  return (
    <Card>
      <CardHead lined title="Second factor" note={user.second_factor ? "A password alone does not sign this user in." : "None. A password or a provider signs this user in."} />
      {user.factor_reset !== null ? <Waiting user={user} reset={user.factor_reset} /> : user.second_factor && <CardPart><ActButton act={requestAct(user)} /></CardPart>}
    </Card>
  );
}

function Waiting({ user, reset }: { user: ManagedUser; reset: NonNullable<ManagedUser["factor_reset"]> }) {
  const { data: me } = useMe();
  const isOwn = reset.requested_by === me?.email;
  const mayConfirm = !isOwn && me?.user_id !== user.user_id;
  return (
    <>
      <CardPart>
        <Message tone="info" title="A reset waits for its confirmation.">
          <span className="break-words">{isOwn ? "You" : (reset.requested_by ?? "An operator at the machine")} asked for it <Time at={reset.requested_at} />{reset.reason !== null && <>: “<bdi>{reset.reason}</bdi>”</>}.</span>{" "}
          {mayConfirm ? "Confirm it if you know that the user has asked." : "Another operator confirms it here, or the user with the link of the mail."} It expires <Time at={reset.expires_at} />.
        </Message>
      </CardPart>
      <CardPart className="flex flex-wrap gap-2">
        {mayConfirm && <ActButton act={confirmAct(user)} />}
        <ActButton act={withdrawAct(user)} />
      </CardPart>
    </>
  );
}

const requestAct = ({ user_id }: ManagedUser): Act => ({
  name: "Reset the second factor",
  title: "Ask for a reset?",
  text: "Nothing is removed yet. Another operator confirms it, or the user with a link that is mailed now, within 24 hours. Make sure that it is the user who asks.",
  done: "The reset waits for its confirmation",
  asksWhy: true,
  run: (reason) => client.administration.requestFactorReset(user_id, reason),
});

const confirmAct = ({ user_id }: ManagedUser): Act => ({
  name: "Confirm the reset",
  kind: "danger",
  title: "Remove the second factors?",
  text: "Authenticator app, passkeys and recovery codes are removed, and all sessions end. The password stays, and a mail tells the user.",
  done: "The second factors are removed",
  run: () => client.administration.confirmFactorReset(user_id),
});

const withdrawAct = ({ user_id }: ManagedUser): Act => ({
  name: "Withdraw",
  title: "Withdraw the reset?",
  text: "The link of the mail ends, and nothing is removed.",
  done: "The reset is withdrawn",
  run: () => client.administration.withdrawFactorReset(user_id),
});
