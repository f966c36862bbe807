"""The kubectl plugin: `kubectl containerjob`."""
