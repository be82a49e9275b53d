"""The local door: `imageshield …`. The only place that may know both services."""
