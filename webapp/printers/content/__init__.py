"""What an administrator makes of a button's pages (B-5): texts, pictures, colours, and how they look before saving."""
