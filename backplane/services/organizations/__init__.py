"""Organizations: accounts that people share, with their members, roles and invitations."""
