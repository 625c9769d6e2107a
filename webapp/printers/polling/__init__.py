"""Reading printers by the portal itself: profiles, the poll, discovery. Drawn in docs/data-model/printers.md."""
