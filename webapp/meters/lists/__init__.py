"""The lists of meters, batches and deliveries: columns, filters, searches."""
