"""MongoDB in the place of the embedded database: the same promises over PyMongo's asynchronous client."""
