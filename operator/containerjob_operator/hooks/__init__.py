"""Programs that the chart's hooks run: `python -m containerjob_operator.hooks.NAME`, each once and to its end."""
