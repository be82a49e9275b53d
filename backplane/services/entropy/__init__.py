"""The entropy pools of the workers, and the keys that sign entropy receipts."""
