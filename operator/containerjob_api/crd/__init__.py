"""Generates the CustomResourceDefinitions from the models: `python -m containerjob_api.crd`."""
