import type { ManagedUser } from "@imageshield/client";
import type { Act } from "@/features/admin/act.tsx";
import { client } from "@/lib/api.ts";

export const unlockAct = ({ user_id }: ManagedUser): Act => ({
  name: "Unlock",
  title: "Let this user try again at once?",
  text: "The wrong passwords that delay the next sign-in are forgotten. Do it when you know that the user made them.",
  done: "The user can try again",
  run: () => client.administration.unlock(user_id),
});

export const sessionsAct = ({ user_id }: ManagedUser): Act => ({
  name: "End all sessions",
  kind: "danger",
  title: "Sign this user out everywhere?",
  text: "Every browser and program is signed out within a second. API keys go on.",
  done: "The sessions have ended",
  run: () => client.administration.endSessions(user_id),
});

export const suspensionAct = ({ user_id, suspended_at }: ManagedUser): Act =>
  suspended_at !== null
    ? { name: "Reinstate", title: "End the suspension?", text: "The user can sign in again.", done: "The user is reinstated", asksWhy: true, run: (reason) => client.administration.changeUser(user_id, { suspended: false, reason }) }
    : { name: "Suspend", kind: "danger", title: "Suspend this user?", text: "All sessions end, and no new ones begin. The accounts go on, with their API keys and other members: suspend an account to stop those.", done: "The user is suspended", asksWhy: true, run: (reason) => client.administration.changeUser(user_id, { suspended: true, reason }) };

export const operatorAct = ({ user_id, operator }: ManagedUser): Act =>
  operator
    ? { name: "Take the rights", kind: "danger", title: "Take the rights of an operator?", text: "The user can no longer see or change other people’s accounts.", done: "The user is no operator now", asksWhy: true, run: (reason) => client.administration.changeUser(user_id, { operator: false, reason }) }
    : { name: "Make an operator", kind: "danger", title: "Make this user an operator?", text: "An operator sees every account, changes tiers, suspends, and confirms resets of second factors.", done: "The user is an operator now", asksWhy: true, run: (reason) => client.administration.changeUser(user_id, { operator: true, reason }) };
