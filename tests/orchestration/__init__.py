"""What Dagster sees: definitions, triggers, the events of a night, and one writer at a time."""
