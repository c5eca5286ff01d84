"""What every test may ask for: servers."""

pytest_plugins = ["tests.servers"]
