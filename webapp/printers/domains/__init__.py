"""Domains that an organisation may send from (B-6): proved by a TXT record, looked at again and again."""
