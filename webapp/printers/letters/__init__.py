"""A button's two mails as its administrator words them (B-6): sender, texts by language, preview, test mail."""
