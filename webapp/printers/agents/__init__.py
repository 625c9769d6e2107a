"""Site agents (B-12), the portal's side: setting up, what they are told, what they send, what they see."""
