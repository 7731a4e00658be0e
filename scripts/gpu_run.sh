#!/usr/bin/env bash
# A bounded piece of work on a machine with a GPU: build the patients, train on from the weights that ship, score, measure,
# then train the baseline on the same pictures and score it in the same way.
# Call it again and again with the same OUT: each call goes on where the one before ended.
#
#   scripts/gpu_run.sh OUT [MINUTES]      MINUTES of this call, default 9
#   BASELINE= scripts/gpu_run.sh OUT      without the baseline
#   CONFIG=configs/toy_bodies.yaml BASELINE=configs/toy_unet.yaml SEEDS="0-1 9000" DATA="chest synthetic:9000@2" VIEWS=2 \
#     CALIBRATION="--calibration chest" scripts/gpu_run.sh /tmp/rehearsal 30     the same on a CPU
#
# OUT gets log.txt and, once training is done, weights/ and the measurements.
set -uo pipefail
cd "$(dirname "$0")/.."
OUT=${1:?usage: scripts/gpu_run.sh OUT [MINUTES]}
MINUTES=${2:-9}
CONFIG=${CONFIG:-configs/lite_gpu.yaml}
BASELINE=${BASELINE-configs/unet_gpu.yaml}
# Bodies from 9010 on neither train, choose nor calibrate: what is reported is of them.
# Seeds in groups, a process for each.
SEEDS=${SEEDS:-$(for first in $(seq 0 5 75); do echo "$first-$((first + 4))"; done) 9000-9003 9010-9013}
DATA=${DATA:-chest synthetic:9010-9013@2}
VIEWS=${VIEWS:-36}
CALIBRATION=${CALIBRATION:---calibration chest --calibration synthetic:9000-9003@2}
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
# measure NAME ARGUMENTS…: OUT/NAME.json from a command of the program, unless an earlier call made it.
measure() {
  local file=$OUT/$1.json
  [ -s "$file" ] && return
  step "$1" bash -c 'file=$1; shift; fluorosam "$@" --json > "$file.part" && mv "$file.part" "$file"' - "$file" "${@:2}"
}
export -f build fluorosam
export PYTHON SEEDS

step patients bash -c build || exit 1
step train "$PYTHON" -m fluorosam_ros.cli train "$CONFIG" --run "$RUN" || exit 1
[ -s "$OUT/weights/lite.json" ] || step release "$PYTHON" -m fluorosam_ros.cli release "$RUN" "$OUT/weights" --views "$VIEWS" || exit 1
cp "$RUN/log.jsonl" "$OUT/curves.jsonl"
for patient in $DATA; do
  measure "evaluation_${patient//[:@]/_}" evaluate "$OUT/weights" "$patient" --views "$VIEWS"
done
[ -s "$OUT/render_gpu.json" ] || step render_gpu "$PYTHON" benchmarks/render_gpu.py "$OUT"
measure bench_render bench render
measure bench_segment bench segment --model "$OUT/weights"
# Fifteen conditions a view, so fewer views, and all patients together.
few=$(((VIEWS + 2) / 3))
# shellcheck disable=SC2086 # patients are words
measure robustness evaluate "$OUT/weights" $DATA --views "$few" --texts-only --robustness
# shellcheck disable=SC2086
for part in presence hypotheses; do
  measure "ablation_$part" ablate "$part" $DATA --weights "$OUT/weights" --views "$few" --calibration-views "$VIEWS" $CALIBRATION
done
if [ -n "$BASELINE" ]; then
  run=runs/$(basename "$BASELINE" .yaml)
  step "train the baseline" "$PYTHON" -m fluorosam_ros.cli train "$BASELINE" --run "$run" || exit 1
  for patient in $DATA; do
    measure "baseline_${patient//[:@]/_}" evaluate "$run/best.pt" "$patient" --views "$VIEWS" --per-class --robustness
  done
fi
echo "== done, $(left) s left"
