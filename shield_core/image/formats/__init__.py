"""Image formats: walks over their structure, readers and writers."""
