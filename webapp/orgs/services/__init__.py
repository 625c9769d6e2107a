"""Verbs: organisations and their tree, people, memberships and rights."""
