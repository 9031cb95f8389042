"""The embedded SFTP server that school districts upload to: one virtual account per district, each in its own jail.

What belongs here: who may sign in (`accounts`), what a connection tries to sign in with (`sign_in_tries`) and how often it may
(`sign_in_limits`, `newcomers`), with which keys and algorithms the server proves itself (`host_keys`,
`algorithms`), what an account sees and may do there (`jail`), the file operations that keep to it (`files`), the little of the
SFTP protocol that has to be refused below them (`protocol`), one client's connection (`connections`), the events people can
look up later (`audit_trail`), and the server that holds it all (`server`).

It moves bytes and judges none: what a roster is, when an upload is complete and what happens next are matters of `intake` and
of the rooms after it. Callers import the modules; this file imports nothing, so that the command line starts fast.
"""
