"""Mails as bytes, and the two ways to deliver them.

messages   a mail as an RFC 5322 message
outcomes   what became of an attempt
smtp       delivery to a mail server
folder     delivery to a directory, for installations without a mail server
written    reading of that directory
transports the choice between the two
"""
