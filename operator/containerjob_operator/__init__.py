"""The operator. Layers, top imports downwards only: main, handlers, reconcile, executors | kube, schedule, decide."""
