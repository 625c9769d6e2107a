"""The ground: mechanisms without a business word."""
