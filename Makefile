# Thin wrappers of bootstrap.py, which needs only Python 3.11 or newer.
# Options go through ARGS: make test ARGS="-k units", make lab ARGS="--no-browser".
PYTHON ?= python3
ARGS ?=

.PHONY: lab test test-slow sync release bench sweep fresh finish
lab test test-slow sync release bench sweep:
	@$(PYTHON) bootstrap.py $@ $(ARGS)
fresh:
	@$(PYTHON) bootstrap.py fresh $(NAME)
finish:
	@$(PYTHON) bootstrap.py finish $(SET)
