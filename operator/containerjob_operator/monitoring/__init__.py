"""How the operator is: health, metrics and a status report, for machines and people who look after it."""
