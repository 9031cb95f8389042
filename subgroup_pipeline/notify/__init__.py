"""Mail: what is said to whom, queued in the registry, sent by SMTP when there is a server; it never delays a night."""
