"""What the API server stores: kinds, names, phases. Shared by the operator and the plugin; does no I/O.

Importing this package imports nothing, so that `names` stays cheap for the plugin.
"""
