"""A OneRoster 1.1 REST server for tests, written from the specification: it shares no code with what is tested."""
