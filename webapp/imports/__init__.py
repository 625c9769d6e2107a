"""Files on their way into the portal: map columns, look at every verdict, commit, undo (P-42, decision 16)."""
