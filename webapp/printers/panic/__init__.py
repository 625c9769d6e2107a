"""The three pages at the printer: a small touch screen, an old browser, no account, no cookie, no script."""
