"""Files that are read (K-4, K-11): deliveries of devices with keys, lists of serial numbers.

    sheet = tables.open_table(stream)                                # FileError with a sentence
    for row in deliveries.read(stream, DeliveryFormat.OWN_CSV, mapping=…, defaults=…):
        DeviceRow, or RowFault with line, column and sentence

Streams are binary and can be sought in (an upload in a temporary file). All readers go through a file once or twice and
hold one row at a time; KEM files, which are encrypted as a whole, are held whole and limited in size.
"""
