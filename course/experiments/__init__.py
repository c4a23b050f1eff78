"""The training runs that the course measures: corpus, model, training, sweep and the fleet."""
