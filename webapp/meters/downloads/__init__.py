"""Keys on their way out (K-23 to K-28): one device at once, many as a job; written down before anything leaves."""
