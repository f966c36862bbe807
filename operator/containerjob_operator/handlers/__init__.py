"""The kopf layer: each handler unpacks what kopf hands over and calls one function."""
