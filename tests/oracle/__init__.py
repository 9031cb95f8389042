"""A second, independent computation of what the marts must hold, and random districts to compare both on."""
