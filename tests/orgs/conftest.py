from tests.orgs.trees import tree

__all__ = ["tree"]
