"""From a file of rows to a file of predictions, some rows at a time, so that neither has to fit into memory."""
