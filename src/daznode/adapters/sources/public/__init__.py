"""Public services over HTTP: typed, validated, cached, asked rarely."""
