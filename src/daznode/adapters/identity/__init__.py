"""Who somebody is: passwords, tokens and signatures of nodes."""
