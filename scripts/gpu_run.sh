#!/usr/bin/env bash
# A bounded piece of work on a machine with a GPU: build the patients, train on from the weights that ship, score, measure.
# Call it again and again with the same OUT: each call goes on where the one before ended.
#
#   scripts/gpu_run.sh OUT [MINUTES]      MINUTES of this call, default 9
#   CONFIG=configs/toy_bodies.yaml SEEDS="0-1 9000" VIEWS=2 scripts/gpu_run.sh /tmp/rehearsal    the same on a CPU
#
# OUT gets log.txt and, once training is done, weights/ and the measurements.
set -uo pipefail
cd "$(dirname "$0")/.."
OUT=${1:?usage: scripts/gpu_run.sh OUT [MINUTES]}
MINUTES=${2:-9}
CONFIG=${CONFIG:-configs/lite_gpu.yaml}
SEEDS=${SEEDS:-0-4 5-9 10-14 15-19 20-24 25-29 30-34 35-39 9000-9003}
VIEWS=${VIEWS:-48}
PYTHON=${PYTHON:-python3}
RUN=runs/$(basename "$CONFIG" .yaml)
END=$((SECONDS + MINUTES * 60))
mkdir -p "$OUT/weights"
exec > >(tee -a "$OUT/log.txt") 2>&1

left() { echo $((END - SECONDS)); }
fluorosam() { "$PYTHON" -m fluorosam_ros.cli "$@"; }
# step NAME COMMAND…: within the time that is left; a step that fails or runs out of time does not end the others.
step() {
  local name=$1 start=$SECONDS status
  shift
  if [ "$(left)" -lt 20 ]; then echo "== $name: no time left, call again"; return 1; fi
  timeout --signal=INT --kill-after=20 "$(left)" "$@"
  status=$?
  echo "== $name: status $status after $((SECONDS - start)) s"
  return $status
}
build() {
  local failed=0 job
  local jobs=()
  for seeds in $SEEDS; do
    "$PYTHON" -m fluorosam_ros.cli patients build --seeds "$seeds" --spacing 2 & jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job" || failed=1; done
  return $failed
}
export -f build fluorosam
export PYTHON SEEDS

step patients bash -c build || exit 1
step train "$PYTHON" -m fluorosam_ros.cli train "$CONFIG" --run "$RUN" || exit 1
[ -s "$OUT/weights/lite.json" ] || step release "$PYTHON" -m fluorosam_ros.cli release "$RUN" "$OUT/weights" --views "$VIEWS" || exit 1
for patient in chest synthetic:9000-9003@2; do
  scores=$OUT/evaluation_${patient//[:@]/_}.json
  [ -s "$scores" ] || step "evaluate $patient" bash -c "fluorosam evaluate $OUT/weights $patient --views $VIEWS --json > $scores.part && mv $scores.part $scores"
done
step "bench render" bash -c "fluorosam bench render --json > $OUT/bench_render.json"
step "bench segment" bash -c "fluorosam bench segment --model $OUT/weights --json > $OUT/bench_segment.json"
cp "$RUN/log.jsonl" "$OUT/curves.jsonl"
echo "== done, $(left) s left"
