import type { Membership, Role } from "@imageshield/client";

/** What each role may do, in a line. */
export const ROLES: { role: Role; text: string }[] = [
  { role: "owner", text: "Everything, and closing the account" },
  { role: "admin", text: "Members, webhooks and API keys, and all work" },
  { role: "member", text: "Encrypt and decrypt, and everything about jobs" },
  { role: "auditor", text: "Look, but not at pictures; the audit trail" },
];

/** The roles that this user may give: only an owner makes owners. */
export const rolesOf = ({ role }: Membership): Role[] => ROLES.map((one) => one.role).filter((one) => one !== "owner" || role === "owner");
