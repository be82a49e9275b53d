"""What operators do with accounts and users of the installation. Every act has an entry in two chains of the trail."""
