"""The embedded control plane and the local engine: a whole cluster without nodes, on loopback, in one folder."""
