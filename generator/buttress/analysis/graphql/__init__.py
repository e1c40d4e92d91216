"""GraphQL: schemas that are served, what bounds their queries, and the functions that answer them."""
