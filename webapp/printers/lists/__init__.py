"""The lists of printers, panic buttons and requests: columns, filters, searches."""
