"""The sentences of `webapp.meters.sentences`, by what they are about."""
