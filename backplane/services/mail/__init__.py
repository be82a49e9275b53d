"""Mails to users: their kinds and texts, the queue that the relay empties, and who wants which.

kinds           every kind of mail: category, fields, and how long it is worth sending
values          texts of users and of requests, made safe for a mail
rendering       a kind and its values as subject, plain text and HTML
outgoing        writes a mail in the transaction of the act that causes it
contents        what a waiting mail says, sealed in its row
deliveries      claims due mails for the relay, and records what became of them
outbox          the mails that were written to a directory, for operators
preferences     which categories a user wants, and the signed links that end one
templates/      a text for each kind; `layout.html` is the frame of all
"""
