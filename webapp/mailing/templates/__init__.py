"""Templates of mails by kind and language: the organisation's own, its parents', the system's (P-20 … P-22)."""
