"""Charts as SVG that the server writes: no script, no inline style, and every number of one also stands in a table as text."""
