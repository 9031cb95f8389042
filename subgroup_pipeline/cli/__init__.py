"""The command line: what a person does. Words and layout only; every command calls a room and imports it when it runs."""
