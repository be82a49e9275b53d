"""The commands.

offline       commands that work on local files and import nothing of the services
service       commands that run, check or maintain an installation of the service
"""
