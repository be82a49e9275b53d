"""The commands.

offline       work on files of this machine and import nothing of the services
service       run, examine or look after an installation of the service
"""
