"""CLBoss: what competitors ask, multiplied by size, balance and a search for the best price."""
