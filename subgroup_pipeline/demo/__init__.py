"""The made-up districts that `subgroups demo` delivers. Never here: anything that an installation with real districts uses."""
